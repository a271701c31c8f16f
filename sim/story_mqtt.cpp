#include "sim/story_mqtt.hpp"

#include "sim/witness.hpp"

#include <string>

namespace kodama::sim {
namespace {

std::string numbered(mqtt::packet_id id) {
  return " (#" + std::to_string(id) + ')';
}

std::string at_qos(mqtt::qos of) {
  return "QoS " + std::to_string(static_cast<int>(of));
}

/// Says what a packet has besides its name.
struct packet_teller {
  telling operator()(const mqtt::connect& p) const {
    return named("CONNECT", std::string{p.clean_start ? ", clean start" : ""} +
                                (p.will ? ", with a will for " + std::string{p.will->topic} : ""));
  }
  telling operator()(const mqtt::connack& p) const {
    return named("CONNACK", mqtt::is_failure(p.reason) ? reason(p.reason)
                            : p.session_present        ? ": the session is present"
                                                       : ": a new session");
  }
  telling operator()(const mqtt::publish& p) const {
    telling told = named("PUBLISH", "");
    if (const auto tag = tag_of(p.payload)) {
      told.text += ' ' + sim::name_of(*tag);
      told.facts.push_back({"message", sim::name_of(*tag)});
    }
    told.text += " of " + std::string{p.topic} + ", " + at_qos(p.qos) +
                 (p.retain ? ", retain" : "") + (p.dup ? ", again" : "");
    for (const auto each : p.properties.subscription_identifiers)
      told.text += ", by " + std::to_string(each);
    told.facts.push_back({"topic", std::string{p.topic}});
    if (p.id != 0)
      told.text += numbered(p.id);
    return told;
  }
  telling operator()(const mqtt::subscribe& p) const {
    std::string all;
    for (const auto& each : p.subscriptions)
      all += ' ' + std::string{each.filter} + " at " + at_qos(each.maximum_qos);
    if (const auto identifier = p.properties.subscription_identifier)
      all += ", with the identifier " + std::to_string(*identifier);
    return named("SUBSCRIBE", all + numbered(p.id));
  }
  telling operator()(const mqtt::unsubscribe& p) const {
    std::string all;
    for (const auto each : p.filters)
      all += ' ' + std::string{each};
    return named("UNSUBSCRIBE", all + numbered(p.id));
  }
  telling operator()(const mqtt::suback& p) const { return named("SUBACK", numbered(p.id)); }
  telling operator()(const mqtt::unsuback& p) const { return named("UNSUBACK", numbered(p.id)); }
  telling operator()(const mqtt::pingreq&) const { return named("PING", "REQ"); }
  telling operator()(const mqtt::pingresp&) const { return named("PING", "RESP"); }
  telling operator()(const mqtt::disconnect& p) const {
    return named("DISCONNECT", reason(p.reason));
  }
  telling operator()(const mqtt::auth&) const { return named("AUTH", ""); }
  telling operator()(const mqtt::puback& p) const { return answer("PUBACK", p.id, p.reason); }
  telling operator()(const mqtt::pubrec& p) const { return answer("PUBREC", p.id, p.reason); }
  telling operator()(const mqtt::pubrel& p) const { return answer("PUBREL", p.id, p.reason); }
  telling operator()(const mqtt::pubcomp& p) const { return answer("PUBCOMP", p.id, p.reason); }

  static telling named(std::string name, const std::string& rest) {
    return {name + rest, {{"name", name}}};
  }
  static telling answer(std::string name, mqtt::packet_id id, mqtt::reason_code why) {
    return named(std::move(name),
                 numbered(id) + (why == mqtt::reason_code::success ? "" : reason(why)));
  }
  static std::string reason(mqtt::reason_code why) {
    return ": " + (why == mqtt::reason_code::success ? "normal" : std::string{mqtt::name_of(why)});
  }
};

} // namespace

telling tell_packet(const mqtt::packet& what) {
  return std::visit(packet_teller{}, what);
}

bool mqtt_story_reader::feed(byte_view data, version& spoken,
                             const std::function<void(std::size_t, telling&&)>& tell) {
  append(kept_, data);
  byte_view rest = kept_;
  for (;;) {
    // Whoever says CONNECT is the client; before it nobody has said anything.
    const auto first = rest.empty() ? 0 : std::to_integer<int>(rest.front()) >> 4;
    const bool opens = first == static_cast<int>(mqtt::packet_type::connect);
    std::optional<mqtt::packet> found;
    std::size_t size = 0;
    for (const auto sender : {mqtt::endpoint::client, mqtt::endpoint::server}) {
      const mqtt::decode_options options{sender, opens ? std::nullopt : spoken};
      const auto header = mqtt::read_fixed_header(rest, options);
      if (!header)
        continue;
      if (!*header || rest.size() < (*header)->packet_size()) {
        kept_ = bytes{rest.begin(), rest.end()};
        return true;
      }
      size = (*header)->packet_size();
      auto read = mqtt::decode(**header, rest.subspan((*header)->size, (*header)->remaining_length),
                               options);
      if (read) {
        found = std::move(*read);
        break;
      }
    }
    if (!found)
      return false;
    if (const auto* asked = std::get_if<mqtt::connect>(&*found))
      spoken = asked->version;
    tell(size, tell_packet(*found));
    rest = rest.subspan(size);
  }
}

} // namespace kodama::sim
