#include "actors/runtime/mailbox.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/message_id.hpp>
#include <gtest/gtest.h>

#include <memory>

namespace kodama::runtime {

struct numbered {
  int number = 0;
  std::shared_ptr<int> held;
};

} // namespace kodama::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kodama::runtime::numbered)

namespace kodama::runtime {
namespace {

struct Mailbox : testing::Test {
  mailbox box;
  std::shared_ptr<int> held = std::make_shared<int>(1);

  void push(int number) {
    box.push(
        caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, numbered{number, held}));
  }
  int pop() { return box.pop()->content().get_as<numbered>(0).number; }
};

TEST_F(Mailbox, GivesBackInTheOrderInWhichItWasFilled) {
  EXPECT_TRUE(box.empty());
  push(1);
  push(2);
  EXPECT_EQ(pop(), 1);
  push(3);
  EXPECT_EQ(pop(), 2);
  EXPECT_EQ(pop(), 3);
  EXPECT_TRUE(box.empty());
  push(4);
  EXPECT_EQ(pop(), 4);
}

TEST_F(Mailbox, FreesWhatIsTakenAndWhatIsCleared) {
  for (int i = 0; i != 5; ++i)
    push(i);
  (void)pop();
  EXPECT_EQ(held.use_count(), 5);
  box.clear();
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(held.use_count(), 1);
}

} // namespace
} // namespace kodama::runtime
