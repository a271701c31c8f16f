#include "sim/story_page.hpp"

#include "protocol/assert.hpp"
#include "protocol/utf8.hpp"

#include <cinttypes>
#include <cstdio>
#include <utility>

namespace kodama::sim {
namespace {

/// Well-formed JSON and UTF-8 whatever the text; no '<', '>' and '&', which mean something to HTML.
void append_text(std::string& to, std::string_view text) {
  to += '"';
  while (!text.empty()) {
    const auto before = text;
    std::uint32_t code_point = 0;
    if (!take_code_point(text, code_point)) {
      to += "\\ufffd";
      text = before.substr(1);
      continue;
    }
    const auto taken = before.substr(0, before.size() - text.size());
    const bool escaped = code_point < 0x20 || code_point == '"' || code_point == '\\' ||
                         code_point == '<' || code_point == '>' || code_point == '&';
    if (!escaped) {
      to += taken;
      continue;
    }
    char unit[8];
    std::snprintf(unit, sizeof unit, "\\u%04x", static_cast<unsigned>(code_point));
    to += unit;
  }
  to += '"';
}

std::string escaped_for_html(std::string_view text) {
  std::string safe;
  for (const char each : text) {
    switch (each) {
    case '<': safe += "&lt;"; break;
    case '>': safe += "&gt;"; break;
    case '&': safe += "&amp;"; break;
    case '"': safe += "&quot;"; break;
    default: safe += each;
    }
  }
  return safe;
}

/// Writes one JSON object, member by member.
class object {
public:
  explicit object(std::string& to)
      : to_{to} {
    to_ += '{';
  }
  ~object() { to_ += '}'; }
  object(const object&) = delete;
  object& operator=(const object&) = delete;

  void text(std::string_view name, std::string_view value) {
    key(name);
    append_text(to_, value);
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name);
    to_ += std::to_string(value);
  }
  /// -1 where there is none.
  void index(std::string_view name, std::optional<std::size_t> value) {
    key(name);
    to_ += value ? std::to_string(*value) : "-1";
  }
  void seconds(std::string_view name, instant value) {
    key(name);
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6f",
                  std::chrono::duration<double>(value.time_since_epoch()).count());
    to_ += digits;
  }
  template <class List, class Write>
  void list(std::string_view name, const List& all, Write write) {
    key(name);
    to_ += '[';
    const char* comma = "";
    for (const auto& each : all) {
      to_ += std::exchange(comma, ",\n");
      write(each);
    }
    to_ += ']';
  }

private:
  void key(std::string_view name) {
    to_ += std::exchange(comma_, ",");
    append_text(to_, name);
    to_ += ':';
  }

  std::string& to_;
  const char* comma_ = "";
};

void write(std::string& to, const story_event& event) {
  object all{to};
  all.seconds("when", event.when);
  all.number("host", static_cast<std::uint32_t>(event.host));
  all.text("kind", event.kind);
  all.text("text", event.text);
  all.text("fate", event.fate);
  all.index("cause", event.cause);
  all.index("other", event.other_end);
  all.number("essential", event.essential ? 1 : 0);
  all.list("facts", event.facts, [&](const fact& each) {
    to += '[';
    append_text(to, each.name);
    to += ',';
    append_text(to, each.value);
    to += ']';
  });
}

void write(std::string& to, const story_band& band) {
  object all{to};
  all.number("host", static_cast<std::uint32_t>(band.host));
  all.text("label", band.label);
  all.seconds("from", band.from);
  all.seconds("to", band.to);
  all.number("event", band.event);
}

void write(std::string& to, const story_bar& bar) {
  object all{to};
  all.number("host", static_cast<std::uint32_t>(bar.user));
  all.text("who", bar.who == story_bar::side::user ? "user" : "server");
  all.text("session", bar.session);
  all.text("state", bar.state);
  all.seconds("from", bar.from);
  all.seconds("to", bar.to);
}

void write(std::string& to, const story_breach& breach) {
  object all{to};
  all.text("promise", breach.promise);
  all.text("text", breach.text);
  all.number("event", breach.event);
  all.list("matters", breach.matters, [&](std::size_t event) { to += std::to_string(event); });
}

} // namespace

std::string story_data(const run_story& told) {
  std::string to;
  char hash[24];
  std::snprintf(hash, sizeof hash, "%016" PRIx64, told.trace_hash);
  {
    object all{to};
    const auto write_each = [&](const auto& each) { write(to, each); };
    all.text("command", told.command);
    all.text("hash", hash);
    all.number("users", told.users);
    all.seconds("heal", told.heal_at);
    all.seconds("end", told.end_at);
    all.list("hosts", told.hosts, [&](const std::string& name) { append_text(to, name); });
    all.list("events", told.events, write_each);
    all.list("bands", told.bands, write_each);
    all.list("bars", told.bars, write_each);
    all.list("breaches", told.breaches, write_each);
  }
  return to;
}

std::string story_page(const run_story& told) {
  std::string made;
  auto rest = page::html;
  while (true) {
    const auto open = rest.find("{{");
    made += rest.substr(0, open);
    if (open == std::string_view::npos)
      return made;
    const auto close = rest.find("}}", open);
    KODAMA_ASSERT(close != std::string_view::npos);
    const auto name = rest.substr(open + 2, close - open - 2);
    rest.remove_prefix(close + 2);
    if (name == "title")
      made += escaped_for_html(told.command);
    else if (name == "style")
      made += page::css;
    else if (name == "script")
      made += page::js;
    else if (name == "data")
      made += story_data(told);
    else
      KODAMA_ASSERT(false);
  }
}

} // namespace kodama::sim
