#include "apps/command_status.hpp"
#include "apps/commands.hpp"

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

namespace {

/// What is opened first would else be taken for standard input or output, if those are closed.
void open_standard_descriptors() {
  int opened = ::open("/dev/null", O_RDWR);
  while (opened >= 0 && opened <= STDERR_FILENO)
    opened = ::open("/dev/null", O_RDWR);
  if (opened >= 0)
    ::close(opened);
}

/// CLI11 asks for a subcommand before it looks at the words that are none.
std::string complaint(const CLI::App& app, const CLI::Error& error) {
  if (const auto inner = app.get_subcommands(); !inner.empty())
    return complaint(*inner.front(), error);
  if (error.get_name() != "RequiredError" || app.get_require_subcommand_min() == 0)
    return error.what();
  const auto words = app.remaining();
  const std::string wrong =
      words.empty()
          ? "a subcommand is required"
          : '"' + words[0] + (words[0].starts_with('-') ? "\" is no flag" : "\" is no subcommand");
  const std::string command = app.get_parent() == nullptr ? "" : app.get_name() + " ";
  return wrong + "; `kodama " + command + "--help` lists them";
}

/// Prints what --help and --version ask for, or what is wrong.
int end_of_parsing(const CLI::App& app, const CLI::ParseError& error) {
  const auto* const asked = error.get_name() == "CallForVersion" ? "--version" : "--help";
  // CLI11's own numbers mean nothing to a shell; 2 is what it expects of wrong usage.
  return kodama::apps::status_of(asked, [&] { return app.exit(error) == 0 ? 0 : 2; });
}

} // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  CLI::App app{"Kodama: a real-time publish/subscribe server", "kodama"};
  app.set_version_flag("--version", "kodama " KODAMA_VERSION);
  app.require_subcommand(1);
  app.failure_message([](const CLI::App* parsed, const CLI::Error& error) {
    return "kodama: " + complaint(*parsed, error) + '\n';
  });
  int exit_code = 0;
  kodama::apps::add_serve(app, exit_code);
  kodama::apps::add_check_config(app, exit_code);
  kodama::apps::add_passwd(app, exit_code);
  kodama::apps::add_sub(app, exit_code);
  kodama::apps::add_pub(app, exit_code);
  kodama::apps::add_who(app, exit_code);
  kodama::apps::add_ping(app, exit_code);
  kodama::apps::add_sim(app, exit_code);
  kodama::apps::add_replay(app, exit_code);
  kodama::apps::add_shrink(app, exit_code);
  kodama::apps::add_flaky(app, exit_code);
  kodama::apps::add_bench(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return end_of_parsing(app, error); // of --help and --version, too
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kodama: %s\n", error.what());
    return 1;
  }
  return exit_code;
}
