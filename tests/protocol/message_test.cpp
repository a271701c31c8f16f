#include "protocol/message.hpp"

#include "message_generator.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>

namespace kodama {
namespace {

struct decoded {
  message_header header;
  message::any body;
};

/// Decodes one message of which all bytes are there.
result<decoded> decode_whole(byte_view image) {
  const auto header = read_header(image, {});
  if (!header)
    return header.error();
  if (!*header || (*header)->message_size() != image.size())
    return errc::connection_lost; // stands for "not yet"
  const auto body = message::decode(**header, image.subspan(message_header_size), 32);
  if (!body)
    return body.error();
  return decoded{**header, *body};
}

RC_GTEST_PROP(Message, DecodesToWhatWasEncoded, (std::uint32_t timestamp)) {
  message::generator generator;
  for (const auto& sent : generator.draw_each()) {
    bytes image;
    message::encode(image, sent, timestamp);
    const auto received = decode_whole(image);
    RC_ASSERT(received.has_value());
    RC_ASSERT(received->body.index() == sent.index());
    RC_ASSERT(received->header.timestamp == timestamp);
    RC_ASSERT(message::to_lines(received->body) == message::to_lines(sent));
  }
}

RC_GTEST_PROP(Message, IsAppendedToWhatIsThere, ()) {
  message::generator generator;
  const auto what = generator.draw_any();
  bytes alone;
  message::encode(alone, what, 7);
  bytes behind(5);
  message::encode(behind, what, 7);
  RC_ASSERT(bytes(behind.begin() + 5, behind.end()) == alone);
}

RC_GTEST_PROP(Message, IsNotYetThereWhileAByteIsMissing, ()) {
  message::generator generator;
  for (const auto& sent : generator.draw_each()) {
    bytes image;
    message::encode(image, sent, 0);
    for (std::size_t size = 0; size != image.size(); ++size)
      RC_ASSERT(decode_whole(byte_view{image}.first(size)).error() == errc::connection_lost);
  }
}

// A peer may also cut the sections and say so in the header: then the message is whole, and either
// what is left makes sense or it is refused.
RC_GTEST_PROP(Message, CutShortByItsHeaderIsDecodedOrRefused, ()) {
  message::generator generator;
  for (const auto& sent : generator.draw_each()) {
    bytes image;
    message::encode(image, sent, 0);
    for (auto size = image.size(); size >= message_header_size; size -= 4) {
      image.resize(size);
      store_big(image.data() + 4, static_cast<std::uint32_t>(size - message_header_size));
      const auto received = decode_whole(image);
      RC_ASSERT(received.has_value() || received.error() == errc::malformed_message);
    }
  }
}

// Whatever a corrupted message decodes to is a message like any other: it can be encoded, and means
// the same again.
RC_GTEST_PROP(Message, WithAnyByteChangedIsDecodedOrRefused, ()) {
  message::generator generator;
  const auto flip = static_cast<std::byte>(*rc::gen::inRange(1, 256));
  for (const auto& sent : generator.draw_each()) {
    bytes image;
    message::encode(image, sent, 0);
    for (auto& byte : image) {
      byte ^= flip;
      if (const auto received = decode_whole(image)) {
        bytes again;
        message::encode(again, received->body, 0);
        const auto repeated = decode_whole(again);
        RC_ASSERT(repeated.has_value());
        RC_ASSERT(message::to_lines(repeated->body) == message::to_lines(received->body));
      }
      byte ^= flip;
    }
  }
}

// message_batch and its senders write at these offsets without looking.
RC_GTEST_PROP(Message, CarriesItsNumberFirst, ()) {
  message::generator generator;
  for (const auto& sent : generator.draw_each()) {
    bytes image;
    message::encode(image, sent, 0);
    const auto number_at_offset = [&image](std::uint64_t number) {
      return load_big<std::uint64_t>(image.data() + message::number_offset) == number;
    };
    std::visit(
        [&](const auto& m) {
          using Message = std::decay_t<decltype(m)>;
          if constexpr (std::is_same_v<Message, message::publish>) {
            RC_ASSERT(number_at_offset(m.reliable() ? m.id : m.unreliable));
            if (m.sequence != 0)
              RC_ASSERT(load_big<std::uint64_t>(image.data() + message::sequence_offset) ==
                        m.sequence);
          } else if constexpr (requires { m.id; }) {
            RC_ASSERT(number_at_offset(m.id));
          }
        },
        sent);
  }
}

TEST(Message, OfUnknownTypeIsUnexpected) {
  message_header header;
  header.type = static_cast<message_type>(0x0fff);
  EXPECT_EQ(message::decode(header, {}, 32).error(), errc::unexpected_message);
}

TEST(ConnectToken, OfAnotherVersionTellsThatVersionWhateverElseItHolds) {
  const auto version_in = [](bytes image) {
    const auto received = decode_whole(image);
    return received ? std::get<message::connect_token>(received->body).version : 0;
  };
  for (const std::uint32_t version : {0U, 2U, 0xffffffffU}) {
    bytes image;
    message_writer crowded{image, message_type::connect_token, 0};
    for (int i = 0; i != 40; ++i) // more than a message of ours may have, and repeated
      crowded.u32(section_type::resume_window, 1);
    crowded.u32(section_type::protocol_version, version).finish();
    EXPECT_EQ(version_in(image), version);
  }
  bytes of_ours;
  message_writer{of_ours, message_type::connect_token, 0}
      .u32(section_type::protocol_version, message::protocol_version)
      .finish();
  EXPECT_EQ(decode_whole(of_ours).error(), errc::malformed_message); // no KEEPALIVE
}

TEST(Publish, GrowsOnItsWayByTheRelayOverheadAtMost) {
  message::publish sent{.id = 1, .topic = "a", .content = as_bytes("hello")};
  bytes from_publisher;
  message::encode(from_publisher, sent, 0);
  sent.sequence = 1;
  sent.sender = 1;
  bytes to_subscriber;
  message::encode(to_subscriber, sent, 0);
  EXPECT_EQ(to_subscriber.size() - from_publisher.size(), message::relay_overhead);
}

TEST(SubscriberList, NamesItsClientsInOrder) {
  bytes list(16);
  store_big(list.data(), std::uint64_t{3});
  store_big(list.data() + 8, std::uint64_t{0x1122334455667788});
  const message::subscriber_list part{.clients = list};
  EXPECT_EQ(part.client_ids(), (std::vector<client_id>{3, 0x1122334455667788}));
}

TEST(ConnackFailed, TravelsByTheTypeOfItsReason) {
  for (std::uint32_t code = 0; code != 40; ++code) {
    const auto reason = static_cast<errc>(code);
    bytes image;
    message::encode(image, message::connack_failed{reason, ""}, 0);
    const auto received = decode_whole(image);
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(received->header.type, message::connack_failed_type(reason));
    EXPECT_EQ(std::get<message::connack_failed>(received->body).reason, reason);
  }
}

TEST(NameOf, IsDifferentForEveryTypeThatDecodes) {
  std::set<std::string_view> names;
  std::size_t known = 0;
  for (std::uint32_t type = 0; type != 0x1000; ++type) {
    message_header header;
    header.type = static_cast<message_type>(type);
    const auto body = message::decode(header, {}, 32);
    if (body || body.error() != errc::unexpected_message) {
      ++known;
      names.insert(message::name_of(header.type));
    }
  }
  EXPECT_EQ(known, 32U);
  EXPECT_EQ(names.size(), known);
  EXPECT_FALSE(names.contains(message::name_of(static_cast<message_type>(0x0fff))));
}

} // namespace
} // namespace kodama
