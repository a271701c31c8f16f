#include "sim/failure.hpp"

#include <algorithm>

namespace kodama::sim {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Numbers, also such as 3#14 and 1/7, become N; quoted names T.
std::string without_names(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (const auto end = text.find('"', 1); text.front() == '"' && end != std::string_view::npos) {
      out += 'T';
      text.remove_prefix(end + 1);
    } else if (is_digit(text.front())) {
      while (!text.empty() &&
             (is_digit(text.front()) ||
              (text.size() > 1 && (text[0] == '#' || text[0] == '/') && is_digit(text[1]))))
        text.remove_prefix(1);
      out += 'N';
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.replace(at, what.size(), by);
}

} // namespace

std::string abstracted(std::string_view text) {
  auto shape = without_names(text);
  replace_all(shape, "N, N", "N"); // however many there are
  replace_all(shape, " (session N)", "");
  replace_all(shape, " (no session)", "");
  return shape;
}

std::string failure::shape() const {
  return promise + ": " + abstracted(text);
}

std::optional<failure> first_failure(const verdict& of) {
  if (of.passed())
    return std::nullopt;
  const auto& first = of.violations.front();
  return failure{std::string{first.promise}, first.text};
}

} // namespace kodama::sim
