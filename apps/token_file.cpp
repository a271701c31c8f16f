#include "apps/token_file.hpp"

#include "apps/token_size.hpp"
#include "apps/whole_file.hpp"

#include <map>
#include <string_view>

namespace kodama::apps {
namespace {

constexpr std::string_view blanks = " \t";

/// Empty where nothing is wrong. Whoever has such a token could not come in, and would hardly see
/// why.
std::string fault_of_token(const std::string& token) {
  if (blanks.find(token.front()) != std::string_view::npos ||
      blanks.find(token.back()) != std::string_view::npos)
    return "begins or ends with a blank, which would be part of the token; take it away";
  if (token.size() > token_size_max())
    return "has " + std::to_string(token.size()) + " bytes; the protocol has room for " +
           std::to_string(token_size_max());
  return "";
}

} // namespace

parsed<std::vector<std::string>> read_tokens(const std::string& path) {
  const auto lines = read_lines(path);
  if (!lines)
    return refusal{cannot_read(path)};
  std::vector<std::string> tokens;
  std::map<std::string, std::size_t> known;
  for (const auto& [number, at, token] : *lines) {
    if (const auto fault = fault_of_token(token); !fault.empty())
      return refusal{at + fault};
    if (const auto [same, is_new] = known.emplace(token, number); !is_new)
      return refusal{at + "is the token of line " + std::to_string(same->second) + " again"};
    tokens.push_back(token);
  }
  if (tokens.empty())
    return refusal{path + ": holds no token; expected one a line"};
  return tokens;
}

} // namespace kodama::apps
