#include "apps/client_run.hpp"
#include "apps/commands.hpp"
#include "apps/message_text.hpp"
#include "apps/parsed_option.hpp"
#include "apps/text_output.hpp"
#include "apps/units.hpp"
#include "protocol/mqtt/topic_filter.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace kodama::apps {
namespace {

struct sub_command {
  client_options client;
  std::uint64_t count = 0; ///< 0: without end
  std::string format = "text";
  bool watch = false;
  std::vector<std::string> topics;
};

constexpr int topics_max = 1'000'000; // as many as a server can allow

/// A script that counted on every message has to be able to see that some may be missing.
constexpr int exit_code_gap = 3;

constexpr const char* footer = R"(
TOPIC may be a filter: + stands for one level, # for all that follow (in quotes, for the shell).
text: the payload and a newline; joins and leaves (--watch) go to stderr.
json: {"topic":"t","sequence":7,"sender":3,"type":"0x8001","transport":"tcp","payload":"hello"}
      sequence is null for a message without a guarantee; what is not UTF-8 is "payload_base64".
      --watch: {"presence":"joined","topic":"t","sequence":4,"client":3}

Lost connections are replaced for ever, and nothing is missed. Where the server could not keep the
session, stderr says after which sequence number messages may be missing.
Exit code: 0 at a signal without --count, when COUNT messages have come, or when nobody reads our
output any more; 1 where the server refuses us, or a signal came before COUNT messages; 3 when
COUNT messages have come but a lost session may have left a gap among them.

Examples:
  kodama sub --format json --watch lobby game/chat
  kodama sub --format json 'chat/#')";

class subscriber {
public:
  explicit subscriber(const sub_command& command)
      : command_{command}
      , run_{"sub", command.client}
      , output_{run_.context(), run_.signals(),
                [this](const auto& error) { run_.handle_unwritable(error); }} {
    run_.tell_outages();
    run_.on_interrupt([this] {
      output_.flush();
      run_.finish(command_.count == 0 ? 0 : 1);
    });
    run_.server().on_session_lost([this](const auto& e) { handle_session_lost(e); });
    run_.server().on_subscribed([this](const client_event::subscribed& e) {
      run_.note("subscribed to " + std::string{e.topic} +
                (e.first == 0 ? "" : " from " + std::to_string(e.first)));
    });
    run_.server().on_refused([this](const client_event::request_failed& e) {
      run_.fail(refusal_text(e.topic, e.reason, e.text)); // what answered() says comes later
    });
  }

  int run() {
    for (const auto& topic : command_.topics) {
      if (command_.watch && mqtt::has_wildcard(topic))
        run_.fail(topic + ": a filter can't be watched; name topics, or leave --watch out");
      else if (command_.watch)
        require(topic, run_.server().watch(
                           topic, [this](const auto& e) { show(e); }, answered(topic)));
      require(topic, run_.server().subscribe(
                         topic, [this, topic](const auto& e) { show(topic, e); }, answered(topic)));
    }
    return run_.run();
  }

private:
  void require(const std::string& topic, const result<void>& asked) {
    if (!asked)
      run_.fail(topic + ": " + asked.error().message());
  }

  client::completion answered(const std::string& topic) {
    return [this, topic](const boost::system::error_code& error) {
      if (error)
        run_.fail_soon(topic + ": " + error.message());
    };
  }

  void show(const std::string& topic, const client_event::received& message) {
    // All whose topic or filter matches are handed it; it is to be printed once.
    const auto first =
        std::find_if(command_.topics.begin(), command_.topics.end(),
                     [&](const std::string& each) { return mqtt::matches(each, message.topic); });
    if (run_.ending() || *first != topic)
      return;
    auto& line = output_.buffer();
    if (command_.format == "json") {
      append_json(line, message);
    } else {
      line += as_text(message.content);
      line += '\n';
    }
    if (++received_ == command_.count)
      finish();
  }

  void show(const client_event::presence& change) {
    if (run_.ending())
      return;
    if (command_.format == "json")
      return append_json(output_.buffer(), change);
    run_.tell(std::string{change.topic} + ": client " + std::to_string(change.client) +
              (change.event == message::presence_event::joined ? " joined" : " left"));
  }

  void handle_session_lost(const client_event::session_lost& e) {
    if (run_.ending())
      return;
    const auto what = "session lost: " + in_words(e.reason, e.text);
    if (e.gaps.empty())
      return run_.note(what); // nothing had been promised yet
    run_.tell(what);
    gap_ = true;
    for (const auto& gap : e.gaps) {
      const auto known =
          gap.last_delivered != 0 || gap.first_owed == 0 ? gap.last_delivered : gap.first_owed - 1;
      run_.tell(gap.topic + ": messages" + (known == 0 ? "" : " after " + std::to_string(known)) +
                " may be missing, until the next subscription");
    }
  }

  /// COUNT messages have come. Where a signal keeps them from leaving, that decides the exit code.
  void finish() {
    output_.flush();
    if (!output_.closed())
      run_.finish(gap_ ? exit_code_gap : 0);
  }

  const sub_command& command_;
  client_run run_;
  text_output output_;
  std::uint64_t received_ = 0;
  bool gap_ = false;
};

parsed<std::uint64_t> parse_count(std::string_view text) {
  const auto count = parse_number(text);
  if (!count || *count == 0)
    return refusal{'"' + std::string{text} + "\" is " + (count ? "out of range" : "not a number") +
                   "; expected 1 or more, or no --count to go on for ever"};
  return count;
}

} // namespace

void add_sub(CLI::App& parent, int& exit_code) {
  const auto command = std::make_shared<sub_command>();
  auto& app = *parent.add_subcommand("sub", "Print the messages of topics as they come");
  add_client_options(app, command->client);
  add_parsed_option(app, "--count", command->count, parse_count,
                    "End after so many messages (default: never)")
      ->type_name("COUNT");
  app.add_option("--format", command->format, "text or json (default: text)")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  app.add_flag("--watch", command->watch,
               "Tell who else joins and leaves, too; with topics only, not with filters");
  // CLI11 takes "[a,b]" for a list where it allows any number of arguments; so a number that nobody
  // reaches is asked for, and fewer are enough.
  app.add_option("TOPIC", command->topics, "One or more; or filters with + and #")
      ->required()
      ->take_all()
      ->expected(topics_max, -1)
      ->allow_extra_args(false);
  app.footer(footer);
  app.callback([command, &exit_code] { exit_code = subscriber{*command}.run(); });
}

} // namespace kodama::apps
