#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace kodama::apps {

/// An option whose text goes through one of the parsers of apps/units.hpp. A refusal becomes
/// "--lose: "5x" is not a share; expected …". `target` outlives the parsing.
template <class T, class Parse>
CLI::Option* add_parsed_option(CLI::App& app, const std::string& name, T& target, Parse parse,
                               const std::string& description) {
  const auto assign = [&target, parse, name](const std::string& text) {
    const auto value = parse(text);
    if (!value)
      throw CLI::ValidationError(name, value.error().reason);
    target = *value;
  };
  return app.add_option_function<std::string>(name, assign, description);
}

/// A check for options that name a file: an empty name is what a shell makes of a variable that is
/// not set, and must not be taken for no option at all.
inline std::string refuse_empty_name(const std::string& text) {
  return text.empty() ? "\"\" names no file; is a variable of the shell not set?" : "";
}

} // namespace kodama::apps
