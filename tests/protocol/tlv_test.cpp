#include "protocol/tlv.hpp"

#include <gtest/gtest.h>

namespace kodama {
namespace {

TEST(ReadHeader, WaitsForTwelveBytes) {
  const bytes input(11);
  EXPECT_FALSE(read_header(input, {}).value().has_value());
}

TEST(ReadHeader, RefusesFourGibibytesByHeaderAlone) {
  bytes input(12);
  store_big(input.data() + 4, std::uint32_t{0xfffffffc});
  EXPECT_EQ(read_header(input, {}).error(), errc::message_too_long);
}

} // namespace
} // namespace kodama
