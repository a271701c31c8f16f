#pragma once

#include <CLI/CLI.hpp>

namespace kodama::apps {

// Each of these registers one subcommand at `parent`. When it is chosen, its callback runs it to
// the end and leaves in `exit_code` what the process returns; `exit_code` outlives `parent`.

void add_serve(CLI::App& parent, int& exit_code);
void add_check_config(CLI::App& parent, int& exit_code);
void add_passwd(CLI::App& parent, int& exit_code);
void add_sim(CLI::App& parent, int& exit_code);
void add_replay(CLI::App& parent, int& exit_code);
void add_shrink(CLI::App& parent, int& exit_code);
void add_sub(CLI::App& parent, int& exit_code);
void add_pub(CLI::App& parent, int& exit_code);
void add_who(CLI::App& parent, int& exit_code);
void add_ping(CLI::App& parent, int& exit_code);
void add_flaky(CLI::App& parent, int& exit_code);
void add_bench(CLI::App& parent, int& exit_code);

} // namespace kodama::apps
