#include "tests/layers/rules.hpp"
#include "tests/layers/source.hpp"

#include <algorithm>
#include <span>

namespace kodama::layers {
namespace {

struct forbidden {
  std::string_view words; ///< tokens with spaces between; "*" at an end of one stands for the rest
  std::string_view why;
};

constexpr std::string_view clock = "a clock of the machine; take the time as an argument";
constexpr std::string_view chance = "chance of the machine; draw from a kodama::chance";
constexpr std::string_view sleep = "sleeps";
constexpr std::string_view environment = "reads the environment; apps/ fills in an options struct";
constexpr std::string_view threads = "threads belong to net/ and client/";
constexpr std::string_view order = "iterates in an order that depends on hashing";
constexpr std::string_view build = "differs from build to build";
constexpr std::string_view caf = "CAF's inside, known to actors/runtime/ alone";

constexpr forbidden everywhere_but_outside[] = {
    {"steady_clock", clock},
    {"system_clock", clock},
    {"high_resolution_clock", clock},
    {"utc_clock", clock},
    {"tai_clock", clock},
    {"file_clock", clock},
    {"gettimeofday", clock},
    {"clock_gettime", clock},
    {"timespec_get", clock},
    {"std :: time", clock},
    {"std :: clock", clock},
    {"time ( nullptr )", clock},
    {"time ( NULL )", clock},
    {"time ( 0 )", clock},
    {"time ( &", clock},
    {"random_device", chance},
    {"getrandom", chance},
    {"getentropy", chance},
    {"arc4random*", chance},
    {"drand48", chance},
    {"RAND_bytes", chance},
    {"srand", chance},
    {"std :: rand", chance},
    {"rand ( )", chance},
    {"random ( )", chance},
    {"mt19937*", chance},
    {"minstd_rand*", chance},
    {"default_random_engine", chance},
    {"*_distribution", chance}, // each standard library draws another sequence from the same engine
    {"std :: shuffle", chance},
    {"std :: sample", chance},
    {"sleep_for", sleep},
    {"sleep_until", sleep},
    {"sleep (", sleep},
    {"usleep", sleep},
    {"nanosleep", sleep},
    {"getenv", environment},
    {"secure_getenv", environment},
    {"environ", environment},
    {"std :: thread", threads},
    {"std :: jthread", threads},
    {"std :: this_thread", threads},
    {"std :: mutex", threads},
    {"std :: *_mutex", threads},
    {"std :: condition_variable*", threads},
    {"std :: atomic*", threads},
    {"std :: async", threads},
    {"std :: future", threads},
    {"std :: promise", threads},
    {"std :: call_once", threads},
    {"pthread_*", threads},
    {"thread_local", threads},
    {"unordered_*", order},
    {"std :: hash", order},
    {"__DATE__", build},
    {"__TIME__", build},
};

constexpr forbidden outside_runtime[] = {
    {"caf :: detail", caf},
    {"caf :: scheduler", caf},
    {"caf :: intrusive", caf},
    {"caf :: policy", caf},
};

/// What runtime::home_unit passes to the homes that net/ and sim/ derive from it.
constexpr forbidden outside_homes[] = {
    {"caf :: execution_unit", caf},
    {"caf :: mailbox_element*", caf},
    {"caf :: make_mailbox_element", caf},
    {"caf :: resumable", caf},
};

bool matches(std::string_view pattern, std::string_view word) {
  if (pattern.size() > 1 && pattern.ends_with('*'))
    return word.starts_with(pattern.substr(0, pattern.size() - 1));
  if (pattern.size() > 1 && pattern.starts_with('*'))
    return word.ends_with(pattern.substr(1));
  return pattern == word;
}

bool begins_with(std::span<const token> tokens, std::string_view words) {
  for (const auto& next : tokens) {
    const auto end = words.find(' ');
    if (!matches(words.substr(0, end), next.text))
      return false;
    if (end == std::string_view::npos)
      return true;
    words.remove_prefix(end + 1);
  }
  return false;
}

/// `.time (nullptr)` calls a member of ours, not the library.
bool is_member(std::span<const token> all, std::size_t at) {
  return at > 0 && (all[at - 1].text == "." ||
                    (at > 1 && all[at - 1].text == ">" && all[at - 2].text == "-"));
}

/// std::map<session*, …>: sorted by address, and no two runs have the same addresses.
bool is_keyed_by_address(std::span<const token> tokens) {
  constexpr std::string_view sorted[] = {"map", "set", "multimap", "multiset", "less", "greater"};
  if (tokens.size() < 3 || tokens[1].text != "<" ||
      std::find(std::begin(sorted), std::end(sorted), tokens[0].text) == std::end(sorted))
    return false;
  std::size_t depth = 0;
  for (std::size_t i = 2; i != tokens.size(); ++i) {
    const auto text = tokens[i].text;
    if (depth == 0 && (text == "," || text == ">"))
      return tokens[i - 1].text == "*";
    if (depth == 0 && (text == "shared_ptr" || text == "unique_ptr" || text == "intrusive_ptr"))
      return true;
    if (text == "<" || text == "(")
      ++depth;
    else if (text == ">" || text == ")")
      --depth;
    else if (text == ";")
      return false;
  }
  return false;
}

bool lies_in(std::string_view path, std::initializer_list<std::string_view> folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [&](auto folder) { return path.starts_with(folder); });
}

} // namespace

violations check_words(std::string_view path, std::string_view content) {
  violations found;
  const auto all = read_source(content).tokens;
  const auto judge = [&](std::size_t at, std::span<const forbidden> rules) {
    for (const auto& rule : rules)
      if (begins_with(std::span{all}.subspan(at), rule.words) && !is_member(all, at))
        found.push_back({std::string{path}, all[at].line,
                         '"' + std::string{rule.words} + "\": " + std::string{rule.why}});
  };
  const auto is_runtime = lies_in(path, {"actors/runtime/", "tests/"});
  const auto is_home = is_runtime || lies_in(path, {"net/", "sim/"});
  // The sessions of one account live on several threads; what they use is added up without an
  // order.
  const auto is_outside =
      lies_in(path, {"net/", "client/", "apps/", "tests/", "actors/usage.", "actors/bounded_sum."});
  for (std::size_t at = 0; at != all.size(); ++at) {
    if (!is_runtime)
      judge(at, outside_runtime);
    if (!is_home)
      judge(at, outside_homes);
    if (is_outside)
      continue;
    judge(at, everywhere_but_outside);
    if (is_keyed_by_address(std::span{all}.subspan(at)))
      found.push_back({std::string{path}, all[at].line, "sorts by address"});
  }
  return found;
}

} // namespace kodama::layers
