#include "protocol/message_batch.hpp"

#include "protocol/message_reader.hpp"

#include <gtest/gtest.h>

namespace kodama {
namespace {

message::publish read(const message_batch& batch, std::size_t index, bytes& keep) {
  const auto whole = byte_view{batch.image}.subspan(batch.starts[index], batch.size_of(index));
  keep.assign(whole.begin(), whole.end());
  const auto header = read_header(keep, {1U << 20, 64});
  const auto body = message::decode(**header, byte_view{keep}.subspan(message_header_size), 64);
  return std::get<message::publish>(body.value());
}

message_batch batch_of_mqtt(std::initializer_list<std::string_view> texts) {
  message_batch batch;
  for (const auto text : texts) {
    mqtt::publish said;
    said.topic = "a/b";
    said.payload = as_bytes(text);
    said.properties.content_type = "kodama/8001";
    batch.forms.add(said, never);
  }
  return batch;
}

TEST(MessageBatch, SaysWhatMqttSaidToNativeSubscribers) {
  auto batch = batch_of_mqtt({"one", "two"});
  EXPECT_EQ(batch.count(), 2U);
  EXPECT_EQ(batch.size(), batch.forms.bytes_in_all());
  batch.add_image(7, true, 1);
  batch.add_image(7, true, 1); // it is there
  ASSERT_EQ(batch.starts.size(), 2U);
  batch.set_sequence(41);
  bytes keep;
  const auto second = read(batch, 1, keep);
  EXPECT_EQ(second.topic, "a/b");
  EXPECT_EQ(as_text(second.content), "two");
  EXPECT_EQ(second.content_type, 0x8001);
  EXPECT_EQ(second.sender, 7U);
  EXPECT_EQ(second.sequence, 42U);
  EXPECT_TRUE(second.reliable());
}

TEST(MessageBatch, NumbersNothingWithoutAGuarantee) {
  auto batch = batch_of_mqtt({"one"});
  batch.add_image(7, false, 1);
  bytes keep;
  const auto only = read(batch, 0, keep);
  EXPECT_FALSE(only.reliable());
  EXPECT_NE(only.unreliable, 0U);
  EXPECT_EQ(only.sequence, 0U);
}

TEST(MessageBatch, SaysWhatANativeClientSaidToMqttSubscribers) {
  message_batch batch;
  message::publish said;
  said.id = said.sequence = 1;
  said.topic = "t";
  said.content_type = 0x8001;
  said.content = as_bytes(std::string_view{"three"});
  batch.add(said, 1);
  EXPECT_EQ(batch.size(), batch.image.size());
  batch.add_forms();
  ASSERT_EQ(batch.forms.size(), 1U);
  EXPECT_EQ(batch.forms.topic(0), "t");
  EXPECT_EQ(as_text(batch.forms.image(0).payload()), "three");
  EXPECT_EQ(batch.forms.user_section(0), 0x8001);
  EXPECT_EQ(batch.count(), 1U);
}

} // namespace
} // namespace kodama
