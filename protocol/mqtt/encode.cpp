#include "protocol/mqtt/encode.hpp"

#include "protocol/mqtt/writer.hpp"

#include <type_traits>

namespace kodama::mqtt {
namespace {

/// What a packet goes without, to be as short as the receiver wants it.
struct omission {
  bool user = false;
  bool reason_string = false;
};

/// The bytes after the fixed header, into either sink.
template <class Sink>
class body_writer {
public:
  body_writer(Sink& out, protocol_version version, omission without)
      : out_{out}
      , v5_{version == protocol_version::v5}
      , without_{without} {}

  void operator()(const connect& m) {
    put(out_, std::string_view{"MQTT"});
    out_.u8(static_cast<std::uint8_t>(m.version));
    out_.u8(flags_of(m));
    out_.u16(m.keep_alive);
    properties(m.properties);
    put(out_, m.client_id);
    if (m.will) {
      properties(m.will->properties);
      put(out_, m.will->topic);
      put(out_, m.will->payload);
    }
    if (m.user_name)
      put(out_, *m.user_name);
    if (m.password)
      put(out_, *m.password);
  }

  void operator()(const connack& m) {
    out_.u8(m.session_present ? 1 : 0);
    if (!v5_) {
      const auto code = to_return_code(m.reason);
      KODAMA_ASSERT(code);
      return out_.u8(*code);
    }
    reason(m.reason);
    properties(m.properties);
  }

  void operator()(const publish& m) {
    put(out_, m.topic);
    KODAMA_ASSERT((m.qos == qos::at_most_once) == (m.id == 0));
    if (m.id != 0)
      out_.u16(m.id);
    properties(m.properties);
    out_.raw(m.payload);
  }

  template <packet_type Type>
  void operator()(const acknowledgement<Type>& m) {
    id(m.id);
    reason_unless(reason_code::success, m.reason, m.properties);
  }

  void operator()(const subscribe& m) {
    id(m.id);
    properties(m.properties);
    KODAMA_ASSERT(!m.subscriptions.empty());
    for (const auto& each : m.subscriptions) {
      put(out_, each.filter);
      const auto more = (each.no_local ? 4U : 0U) | (each.retain_as_published ? 8U : 0U) |
                        static_cast<unsigned>(each.retain_handling) << 4U;
      out_.u8(
          static_cast<std::uint8_t>(static_cast<unsigned>(each.maximum_qos) | (v5_ ? more : 0U)));
    }
  }

  void operator()(const suback& m) {
    id(m.id);
    properties(m.properties);
    KODAMA_ASSERT(!m.reasons.empty());
    for (const auto each : m.reasons)
      reason(!v5_ && is_failure(each) ? reason_code::unspecified_error : each);
  }

  void operator()(const unsubscribe& m) {
    id(m.id);
    properties(m.properties);
    KODAMA_ASSERT(!m.filters.empty());
    for (const auto each : m.filters)
      put(out_, each);
  }

  void operator()(const unsuback& m) {
    id(m.id);
    properties(m.properties);
    if (!v5_)
      return;
    KODAMA_ASSERT(!m.reasons.empty());
    for (const auto each : m.reasons)
      reason(each);
  }

  void operator()(const pingreq&) {}
  void operator()(const pingresp&) {}

  void operator()(const disconnect& m) {
    KODAMA_ASSERT(v5_ || m.reason == reason_code::normal_disconnection);
    reason_unless(reason_code::normal_disconnection, m.reason, m.properties);
  }

  void operator()(const auth& m) {
    KODAMA_ASSERT(v5_);
    if (m.reason == reason_code::success && size_of(m.properties) == 0)
      return;
    reason(m.reason);
    properties(m.properties);
  }

private:
  static std::uint8_t flags_of(const connect& m) noexcept {
    unsigned flags = m.clean_start ? 2U : 0U;
    if (m.will)
      flags |= 4U | static_cast<unsigned>(m.will->qos) << 3U | (m.will->retain ? 0x20U : 0U);
    flags |= (m.password ? 0x40U : 0U) | (m.user_name ? 0x80U : 0U);
    return static_cast<std::uint8_t>(flags);
  }

  void id(packet_id value) {
    KODAMA_ASSERT(value != 0);
    out_.u16(value);
  }

  void reason(reason_code value) { out_.u8(static_cast<std::uint8_t>(value)); }

  /// The short forms of 3.4.2.1, 3.4.2.2.1, 3.14.2.1 and 3.14.2.2.1.
  void reason_unless(reason_code usual, reason_code value, const auto& all) {
    if (!v5_ || (value == usual && size_of(all) == 0))
      return;
    reason(value);
    if (size_of(all) != 0)
      properties(all);
  }

  void properties(const auto& all) {
    if (!v5_)
      return;
    put_variable(out_, size_of(all));
    put_all(out_, all);
  }

  [[nodiscard]] std::uint32_t size_of(const auto& all) const {
    size_counter counter;
    put_all(counter, all);
    return static_cast<std::uint32_t>(counter.size());
  }

  template <class To, class Properties>
  void put_all(To& to, const Properties& all) const {
    Properties::each(all, [&](property id, const auto& member) {
      if ((id == property::user_property && without_.user) ||
          (id == property::reason_string && without_.reason_string))
        return;
      put_member(to, id, member);
    });
  }

  Sink& out_;
  bool v5_;
  omission without_;
};

std::uint8_t flags_of(const packet& what) noexcept {
  if (const auto* m = std::get_if<publish>(&what))
    return static_cast<std::uint8_t>((m->dup ? 8U : 0U) | static_cast<unsigned>(m->qos) << 1U |
                                     (m->retain ? 1U : 0U));
  const auto type = type_of(what);
  return type == packet_type::pubrel || type == packet_type::subscribe ||
                 type == packet_type::unsubscribe
             ? 2
             : 0;
}

/// Whether Reason String and User Properties tell the peer about something, rather than being the
/// application's or a request's own.
bool explains(packet_type type) noexcept {
  switch (type) {
  case packet_type::connect:
  case packet_type::publish:
  case packet_type::subscribe:
  case packet_type::unsubscribe: return false;
  default: return true;
  }
}

std::size_t body_size(const packet& what, protocol_version version, omission without) {
  size_counter counter;
  std::visit(body_writer{counter, version, without}, what);
  return counter.size();
}

std::size_t packet_size(std::size_t body) {
  KODAMA_ASSERT(body <= variable_byte_integer_max);
  return 1 + variable_size(static_cast<std::uint32_t>(body)) + body;
}

omission first_omission(packet_type type, const encode_options& options) noexcept {
  const bool always =
      !explains(type) || type == packet_type::connack || type == packet_type::disconnect;
  const bool without = !always && !options.problem_information;
  return {without, without};
}

} // namespace

bool encode(bytes& out, const packet& what, const encode_options& options) {
  const auto* m = std::get_if<connect>(&what);
  const auto version = m ? m->version : options.version;
  const auto type = type_of(what);
  auto without = first_omission(type, options);
  auto size = body_size(what, version, without);
  const auto too_long = [&] { return packet_size(size) > options.packet_size_max; };
  for (auto* const part : {&without.user, &without.reason_string}) {
    if (!too_long() || !explains(type))
      break;
    *part = true;
    size = body_size(what, version, without);
  }
  if (too_long())
    return false;
  make_room(out, packet_size(size));
  byte_appender appender{out};
  appender.u8(static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4U | flags_of(what)));
  put_variable(appender, static_cast<std::uint32_t>(size));
  std::visit(body_writer{appender, version, without}, what);
  return true;
}

bool encode_refusal(bytes& out, const error& why, std::optional<protocol_version> version,
                    std::uint32_t packet_size_max) {
  if (!version || (*version == protocol_version::v3_1_1 && !to_return_code(why.reason)))
    return false;
  connack refusal;
  refusal.reason =
      is_allowed(why.reason, packet_type::connack) ? why.reason : reason_code::unspecified_error;
  refusal.properties.reason_string = why.text;
  return encode(out, refusal, {.version = *version, .packet_size_max = packet_size_max});
}

} // namespace kodama::mqtt
