#include "apps/config_reload.hpp"

#include <gtest/gtest.h>

namespace kodama::apps {
namespace {

using keys = std::vector<std::string>;

TEST(ConfigReload, WhatHasChangedAndCannotBeTakenOverIsNamed) {
  EXPECT_EQ(keys_that_need_a_restart({{"threads", "1"}, {"udp", "true"}, {"mqtt", "a"}},
                                     {{"threads", "2"}, {"udp", "true"}, {"listen", "b"}}),
            (keys{"listen", "mqtt", "threads"}));
  EXPECT_EQ(keys_that_need_a_restart({{"threads", "1"}}, {{"threads", "1"}}), keys{});
}

TEST(ConfigReload, WhatIsTakenOverNeedsNoRestart) {
  EXPECT_EQ(keys_that_need_a_restart(
                {{"tokens", "a"}, {"log_level", "info"}, {"tls.main.certificate", "a"}},
                {{"tokens", "b"}, {"log_level", "warn"}, {"tls.main.key", "b"}}),
            keys{});
}

} // namespace
} // namespace kodama::apps
