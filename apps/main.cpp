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

} // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  CLI::App app{"Kodama: a real-time publish/subscribe server", "kodama"};
  app.set_version_flag("--version", "kodama " KODAMA_VERSION);
  app.require_subcommand(1);
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return "kodama: " + std::string{error.what()} + '\n';
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
    // --help and --version arrive here as well, with 0. CLI11's own numbers mean nothing to a
    // shell; 2 is what it expects of wrong usage.
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kodama: %s\n", error.what());
    return 1;
  }
  return exit_code;
}
