#include "apps/client_run.hpp"
#include "apps/commands.hpp"
#include "apps/message_text.hpp"
#include "apps/parsed_option.hpp"
#include "apps/text_output.hpp"
#include "apps/units.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace kodama::apps {
namespace {

struct who_command {
  client_options client;
  duration timeout = std::chrono::seconds{10};
  std::string format = "text";
  std::string topic;
};

constexpr const char* footer = R"(
text: one ClientID a line, ascending; nothing where nobody is subscribed.
json: {"topic":"lobby","sequence":4,"clients":[1,3]}
      sequence: how many joins and leaves the list includes.
Exit code: 1 where no list came, because of a signal or after the timeout.

Example:
  kodama who lobby)";

void append(std::string& to, const client_event::subscribers& list, const std::string& format) {
  if (format == "text") {
    for (const auto client : list.clients)
      to += std::to_string(client) + '\n';
    return;
  }
  to += "{\"topic\":";
  append_json_string(to, list.topic);
  to += ",\"sequence\":" + std::to_string(list.sequence) + ",\"clients\":[";
  for (std::size_t i = 0; i != list.clients.size(); ++i)
    to += (i == 0 ? "" : ",") + std::to_string(list.clients[i]);
  to += "]}\n";
}

int run(const who_command& command) {
  client_run run{"who", command.client};
  text_output output{run.context(), run.signals(),
                     [&](const auto& error) { run.handle_unwritable(error); }};
  run.server().on_refused([&](const client_event::request_failed& e) {
    run.fail(refusal_text(command.topic, e.reason, e.text)); // what the answer says comes later
  });
  const auto asked =
      run.server().subscribers(command.topic, [&](const result<client_event::subscribers>& list) {
        if (!list)
          return run.fail_soon(refusal_text(command.topic, list.error()));
        append(output.buffer(), *list, command.format);
        output.flush();
        if (!output.closed())
          run.finish();
      });
  if (!asked)
    run.fail(refusal_text(command.topic, asked.error()));
  run.give_up_after(command.timeout);
  return run.run();
}

} // namespace

void add_who(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<who_command>();
  auto& app = *parent.add_subcommand("who", "List who is subscribed to a topic");
  add_client_options(app, command->client);
  add_parsed_option(app, "--timeout", command->timeout, parse_duration,
                    "Give up after so long (default: 10s)")
      ->type_name("DURATION");
  app.add_option("--format", command->format, "text or json (default: text)")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  app.add_option("TOPIC", command->topic)->required();
  app.footer(footer);
  app.callback([command, &exit_code] { exit_code = run(*command); });
}

} // namespace kodama::apps
