#include "tests/layers/rules.hpp"
#include "tests/layers/source.hpp"

#include <algorithm>

namespace kodama::layers {
namespace {

struct room {
  std::string_view name;
  std::vector<std::string_view> rooms;     ///< besides itself; arrows chain, so all are spelled out
  std::vector<std::string_view> libraries; ///< how their includes begin
  bool system_calls = false;               ///< POSIX and Linux headers
  bool everything = false;
};

const std::vector<room>& rooms() {
  static const std::vector<room> all{
      {"protocol", {}, {"boost/container/", "boost/system/", "boost/endian/"}},
      {"storage", {"protocol"}, {"boost/system/", "boost/endian/", "sqlite3.h"}},
      {"actors", {"protocol", "storage"}, {"boost/system/", "boost/endian/", "caf/"}},
      {"sim",
       {"actors", "storage", "protocol"},
       {"boost/container/", "boost/system/", "boost/endian/", "caf/"}},
      {"net",
       {"actors", "storage", "protocol"},
       {"boost/", "caf/", "openssl/", "prometheus/", "spdlog/"},
       true},
      {"client", {"protocol"}, {"boost/", "openssl/"}, true},
      {"apps", {}, {}, true, true},
      {"tests", {}, {}, true, true},
  };
  return all;
}

struct exception {
  std::string_view path, include;
};

constexpr exception exceptions[] = {
    // The datagram cipher is pure computation, and OpenSSL's is the one to trust.
    {"protocol/datagram_channel.cpp", "openssl/"},
};

/// What CAF's manual does not promise to keep. Only actors/runtime/ may know it, so that a move to
/// another CAF rewrites one folder.
constexpr std::string_view caf_internals[] = {
    "caf/abstract_actor.hpp",
    "caf/actor_clock.hpp",
    "caf/actor_control_block.hpp",
    "caf/actor_storage.hpp",
    "caf/detail/",
    "caf/execution_unit.hpp",
    "caf/intrusive/",
    "caf/mailbox_element.hpp",
    "caf/make_actor.hpp",
    "caf/policy/",
    "caf/monitorable_actor.hpp",
    "caf/resumable.hpp",
    "caf/scheduler/",
    "caf/all.hpp",
};

template <class Range>
bool any_begins(const Range& beginnings, std::string_view path) {
  return std::any_of(std::begin(beginnings), std::end(beginnings),
                     [&](auto beginning) { return path.starts_with(beginning); });
}

const room* room_of(std::string_view path) {
  const auto name = path.substr(0, path.find('/'));
  const auto found = std::find_if(rooms().begin(), rooms().end(),
                                  [&](const room& each) { return each.name == name; });
  return found == rooms().end() ? nullptr : &*found;
}

/// The C++ library's own headers have neither folder nor ending; <stdint.h> and its kind do.
bool is_standard(std::string_view include) {
  return include.find_first_of("/.") == std::string_view::npos;
}

bool is_system_call(std::string_view include) {
  return include.ends_with(".h") &&
         (include.find('/') == std::string_view::npos ||
          any_begins(std::initializer_list<std::string_view>{"sys/", "netinet/", "arpa/", "net/",
                                                             "linux/"},
                     include));
}

bool is_excepted(std::string_view path, std::string_view include) {
  return std::any_of(std::begin(exceptions), std::end(exceptions), [&](const exception& each) {
    return each.path == path && include.starts_with(each.include);
  });
}

bool may_include_room(const room& from, std::string_view include) {
  const auto* to = room_of(include);
  return to && (from.everything || to == &from ||
                std::find(from.rooms.begin(), from.rooms.end(), to->name) != from.rooms.end());
}

bool may_include_library(const room& from, std::string_view include) {
  return from.everything || is_standard(include) || any_begins(from.libraries, include) ||
         (from.system_calls && is_system_call(include));
}

std::string judge(const room& from, std::string_view path, const include_line& include) {
  const auto name = std::string{include.path};
  if (from.name != "tests" && any_begins(caf_internals, include.path) &&
      !path.starts_with("actors/runtime/"))
    return "<" + name + "> is CAF's inside, known to actors/runtime/ alone";
  if (is_excepted(path, include.path))
    return {};
  if (include.angled)
    return may_include_library(from, include.path)
               ? std::string{}
               : std::string{from.name} + "/ may not include <" + name + ">";
  if (from.name == "tests" && !room_of(include.path))
    return {}; // a neighbour in the same folder of tests
  return may_include_room(from, include.path)
             ? std::string{}
             : std::string{from.name} + "/ may not include \"" + name + "\"";
}

} // namespace

violations check_includes(std::string_view path, std::string_view content) {
  const auto* from = room_of(path);
  if (!from)
    return {{std::string{path}, 0, "lies in no room that has arrows"}};
  violations found;
  for (const auto& include : read_source(content).includes)
    if (auto what = judge(*from, path, include); !what.empty())
      found.push_back({std::string{path}, include.line, std::move(what)});
  return found;
}

} // namespace kodama::layers
