#include "tests/layers/source.hpp"

#include <algorithm>

namespace kodama::layers {
namespace {

bool is_word(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '_';
}

class scanner {
public:
  explicit scanner(std::string_view content)
      : rest_{content} {}

  source run() {
    while (!rest_.empty())
      step();
    return std::move(found_);
  }

private:
  void step() {
    if (starts("//"))
      take(rest_.find('\n'));
    else if (starts("/*"))
      take_through("*/", 2);
    else if (starts("R\""))
      take_raw_string();
    else if (rest_.front() == '"' || rest_.front() == '\'')
      take_literal();
    else if (is_word(rest_.front()))
      take_word();
    else if (rest_.front() == '#')
      take_directive();
    else if (starts("::"))
      add(take(2));
    else if (std::string_view{" \t\r\n\\"}.find(rest_.front()) != std::string_view::npos)
      take(1);
    else
      add(take(1));
  }

  [[nodiscard]] bool starts(std::string_view with) const { return rest_.starts_with(with); }

  /// Moves past `size` characters, or past all of them.
  std::string_view take(std::size_t size) {
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    line_ += static_cast<std::size_t>(std::count(taken.begin(), taken.end(), '\n'));
    return taken;
  }

  void take_through(std::string_view end, std::size_t from) {
    const auto at = rest_.find(end, from);
    take(at == std::string_view::npos ? at : at + end.size());
  }

  void take_raw_string() {
    const auto open = rest_.find('(');
    if (open == std::string_view::npos)
      return void(take(1));
    take_through(")" + std::string{rest_.substr(2, open - 2)} + "\"", open);
  }

  void take_literal() {
    const auto quote = rest_.front();
    std::size_t size = 1;
    while (size < rest_.size() && rest_[size] != quote && rest_[size] != '\n')
      size += rest_[size] == '\\' ? 2 : 1;
    take(size + 1);
  }

  void take_word() {
    const auto is_number = rest_.front() >= '0' && rest_.front() <= '9';
    std::size_t size = 0;
    // The mark in 10'000 opens no literal.
    while (size < rest_.size() && (is_word(rest_[size]) || (is_number && rest_[size] == '\'')))
      ++size;
    if (rest_.substr(size).starts_with('"') && rest_.substr(0, size).ends_with('R')) {
      take(size - 1);
      return take_raw_string();
    }
    add(take(size));
  }

  void take_directive() {
    const auto text = rest_.substr(0, rest_.find('\n'));
    const auto word = text.find_first_not_of(" \t", 1);
    if (word == std::string_view::npos || !text.substr(word).starts_with("include"))
      return add(take(1)); // the body of a macro is code as well
    const auto open = text.find_first_of("<\"", word);
    if (open != std::string_view::npos) {
      const auto close = text.find_first_of(">\"", open + 1);
      found_.includes.push_back(
          {text.substr(open + 1, close - open - 1), text[open] == '<', line_});
    }
    take(text.size());
  }

  void add(std::string_view text) { found_.tokens.push_back({text, line_}); }

  std::string_view rest_;
  std::size_t line_ = 1;
  source found_;
};

} // namespace

source read_source(std::string_view content) {
  return scanner{content}.run();
}

} // namespace kodama::layers
