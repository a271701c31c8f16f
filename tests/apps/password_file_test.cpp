#include "apps/password_file.hpp"

#include <gtest/gtest.h>

namespace kodama::apps {
namespace {

constexpr const char* text = "# who may come in\n"
                             "\n"
                             "ann:$argon2id$1\r\n"
                             "annabel:$argon2id$2\n"
                             "# bob:$argon2id$3\n";

TEST(PasswordFile, KeepsWhatIsNoneOfTheUsersWhenAPasswordChanges) {
  EXPECT_EQ(with_password(text, "ann", "$new"), "# who may come in\n"
                                                "\n"
                                                "ann:$new\r\n"
                                                "annabel:$argon2id$2\n"
                                                "# bob:$argon2id$3\n");
  EXPECT_EQ(with_password(text, "bob", "$new"), std::string{text} + "bob:$new\n");
}

TEST(PasswordFile, TakesAUserBehindALineThatIsNotEnded) {
  EXPECT_EQ(with_password("ann:$1", "bob", "$new"), "ann:$1\nbob:$new\n");
  EXPECT_EQ(with_password("ann:$1", "ann", "$new"), "ann:$new");
  EXPECT_EQ(with_password("", "bob", "$new"), "bob:$new\n");
}

TEST(PasswordFile, LosesOneLineWithAUser) {
  EXPECT_EQ(without_user(text, "ann"), "# who may come in\n"
                                       "\n"
                                       "annabel:$argon2id$2\n"
                                       "# bob:$argon2id$3\n");
  EXPECT_EQ(without_user("ann:$1\nbob:$2", "bob"), "ann:$1\n");
  EXPECT_EQ(without_user(text, "bob"), std::nullopt);
}

} // namespace
} // namespace kodama::apps
