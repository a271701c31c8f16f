#include "sim/story_tap.hpp"

#include "protocol/datagram_channel.hpp"
#include "sim/story_message.hpp"

#include <algorithm>

namespace kodama::sim {
namespace {

using namespace std::chrono_literals;

constexpr trace_kind sent_kind{"wire.sent"};
constexpr trace_kind arrived_kind{"wire.arrived"};
constexpr trace_kind lost_kind{"wire.lost"};

// Late is what takes this much longer than twice its way: something held it up.
constexpr duration late_slack = 250ms;

std::string_view name_of(story_tap::nature what) {
  switch (what) {
  case story_tap::nature::genuine: break;
  case story_tap::nature::duplicate: return "duplicate";
  case story_tap::nature::replayed: return "replayed";
  case story_tap::nature::forged: return "forged";
  }
  return "";
}

/// Of a datagram. Empty when there is nothing in it.
telling read_messages(byte_view plaintext) {
  telling all;
  std::string last;
  std::size_t count = 0;
  message_reader messages{decode_limits{1 << 20, 1024}};
  messages.feed(plaintext);
  for (auto next = messages.next(); next && *next; next = messages.next()) {
    auto one = tell_message((*next)->header, (*next)->body);
    (count++ == 0 ? all.text : last) = std::move(one.text);
    all.facts.insert(all.facts.end(), one.facts.begin(), one.facts.end());
  }
  if (count > 1)
    all.text = std::to_string(count) + " messages, from " + all.text + ", through " + last + ',';
  return all;
}

std::string_view verb_of(const telling& leaving) {
  for (const auto& each : leaving.facts)
    if (each.name == "nature")
      return each.value == "duplicate"  ? "has the network double its"
             : each.value == "replayed" ? "has an attacker repeat its"
                                        : "has an attacker forge";
  return "sends";
}

std::string in_ms(duration span) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(span).count();
  return std::to_string(micros / 1000) + '.' + std::to_string(micros % 1000 / 100) + " ms";
}

} // namespace

// Streams

void story_tap::handle_written(const way& along, byte_view data) {
  auto& in = stream_of(along);
  in.written += data.size();
  const auto add = [&](std::uint64_t end, telling&& what) {
    what.facts.push_back({"connection", std::to_string(along.connection)});
    what.facts.push_back({"way", "TCP"});
    in.messages.push_back(
        {++transmissions_, end, along.from, along.to, world_.queue.now(), std::move(what)});
    depart(in.messages.back());
  };
  if (speaks_mqtt(along)) {
    if (!in.broken)
      in.broken =
          !in.mqtt.feed(data, versions_[along.connection], [&](std::size_t size, telling&& what) {
            in.read_in += size;
            add(in.read_in, std::move(what));
          });
    if (in.broken)
      add(in.written,
          {std::to_string(data.size()) + " bytes that are no packet", {{"name", "garbage"}}});
    return;
  }
  in.reader.feed(data);
  while (!in.broken) {
    const auto next = in.reader.next();
    in.broken = next.has_error();
    if (in.broken || !*next)
      break;
    in.read_in += (*next)->header.message_size();
    learn_secrets(along.connection, (*next)->body);
    add(in.read_in, tell_message((*next)->header, (*next)->body));
  }
  if (in.broken)
    add(in.written,
        {std::to_string(data.size()) + " bytes that are no message", {{"name", "garbage"}}});
}

void story_tap::handle_landed(const way& along, std::size_t size) {
  stream_of(along).landed += size;
}

void story_tap::handle_read(const way& along, std::size_t size) {
  auto& from = stream_of(along);
  from.read += size;
  while (!from.messages.empty() && from.messages.front().end <= from.read) {
    arrive(from.messages.front());
    from.messages.pop_front();
  }
}

void story_tap::handle_cut(const way& along, std::string_view why) {
  auto& from = stream_of(along);
  const auto first = std::find_if(from.messages.begin(), from.messages.end(),
                                  [&](const auto& each) { return each.end > from.landed; });
  for (auto each = first; each != from.messages.end(); ++each)
    lose(*each, why);
  from.messages.erase(first, from.messages.end());
}

void story_tap::handle_deaf(const way& along, std::string_view why) {
  auto& from = stream_of(along);
  for (const auto& each : from.messages)
    lose(each, why);
  from.messages.clear();
}

// Datagrams

std::uint64_t story_tap::handle_datagram(host_id from, host_id to, byte_view data, nature what) {
  under_way leaving{++transmissions_, 0, from, to, world_.queue.now(), read_datagram(data)};
  leaving.what.facts.push_back({"way", "UDP"});
  if (what != nature::genuine)
    leaving.what.facts.push_back({"nature", std::string{name_of(what)}});
  depart(leaving);
  datagrams_.emplace(leaving.transmission, std::move(leaving));
  return transmissions_;
}

void story_tap::handle_datagram_arrived(std::uint64_t transmission) {
  if (const auto at = datagrams_.extract(transmission))
    arrive(at.mapped());
}

void story_tap::handle_datagram_lost(std::uint64_t transmission, std::string_view why) {
  if (const auto at = datagrams_.extract(transmission))
    lose(at.mapped(), why);
}

void story_tap::learn_secrets(std::uint64_t connection, const message::any& body) {
  if (const auto* asked = std::get_if<message::connect_token>(&body); asked && asked->random)
    half_agreed_.insert_or_assign(connection, *asked->random);
  const auto* answer = std::get_if<message::connack_success>(&body);
  const auto half = half_agreed_.find(connection);
  if (answer && answer->datagram && half != half_agreed_.end())
    secrets_.insert_or_assign(answer->datagram->path,
                              secrets{half->second, answer->datagram->random});
}

telling story_tap::read_datagram(byte_view data) const {
  const auto path = datagram_channel::peek_path(data);
  const auto known = path ? secrets_.find(*path) : secrets_.end();
  if (known != secrets_.end()) {
    using side = datagram_channel::side;
    for (const auto reader : {side::server, side::client}) {
      // A new channel each time has seen nothing, so that a copy can be read as well.
      datagram_channel channel{reader, *path, known->second.client, known->second.server};
      const auto opened = channel.open(data);
      if (!opened)
        continue;
      auto all = read_messages(opened->plaintext);
      if (!all.text.empty())
        return all;
    }
  }
  return {"a datagram of " + std::to_string(data.size()) + " bytes that nobody can open",
          {{"name", "unreadable"}}};
}

// What is told

void story_tap::depart(under_way& leaving) {
  auto& facts = leaving.what.facts;
  facts.push_back({"transmission", std::to_string(leaving.transmission)});
  world_.history.tell(world_.queue.now(), leaving.from, sent_kind, [&] {
    auto told = leaving.what;
    told.text = std::string{verb_of(told)} + ' ' + told.text + " to " + name(leaving.to);
    told.facts.push_back({"peer", name(leaving.to)});
    return told;
  });
}

void story_tap::arrive(const under_way& arrived) {
  world_.history.tell(world_.queue.now(), arrived.to, arrived_kind, [&] {
    const auto took = world_.queue.now() - arrived.departed;
    auto told = arrived.what;
    told.text = "gets " + told.text + " from " + name(arrived.from);
    told.facts.push_back({"peer", name(arrived.from)});
    told.facts.push_back({"took", in_ms(took)});
    if (took > 2 * links_.distance(arrived.from, arrived.to) + late_slack)
      told.facts.push_back({"late", "yes"});
    return told;
  });
}

void story_tap::lose(const under_way& lost, std::string_view why) {
  world_.history.tell(world_.queue.now(), lost.from, lost_kind, [&] {
    auto told = lost.what;
    told.text = "loses " + told.text + " to " + name(lost.to) + ": " + std::string{why};
    told.facts.push_back({"peer", name(lost.to)});
    told.facts.push_back({"why", std::string{why}});
    return told;
  });
}

} // namespace kodama::sim
