// Holds the codec to tests/protocol/vectors/mqtt, whose README.md describes the format.

#include "protocol/mqtt/packet.hpp"

#include "packet_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kodama::mqtt {
namespace {

struct vector_file {
  std::map<std::string, std::string> settings; // what does not belong to the packet
  std::string fields;
  bytes image;

  [[nodiscard]] protocol_version version() const {
    return settings.at("version") == "5.0" ? protocol_version::v5 : protocol_version::v3_1_1;
  }
  [[nodiscard]] endpoint sender() const {
    return settings.at("sender") == "client" ? endpoint::client : endpoint::server;
  }
};

void append_hex(bytes& to, std::string digits) {
  std::erase(digits, ' ');
  ASSERT_EQ(digits.size() % 2, 0U) << digits;
  for (std::size_t i = 0; i != digits.size(); i += 2)
    to.push_back(static_cast<std::byte>(std::stoul(digits.substr(i, 2), nullptr, 16)));
}

vector_file read_vector(const std::filesystem::path& path) {
  static const std::set<std::string> setting_keys = {"name", "version", "sender",   "expect",
                                                     "text", "packet",  "canonical"};
  vector_file file;
  std::ifstream in{path};
  EXPECT_TRUE(in.is_open());
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#')
      continue;
    const auto equals = line.find(" =");
    if (equals == std::string::npos) {
      ADD_FAILURE() << "neither a comment nor key = value: " << line;
      continue;
    }
    const auto key = line.substr(0, equals);
    const auto value = line.substr(std::min(equals + 3, line.size()));
    // CONNECT has a field of the same name.
    if (key == "hex")
      append_hex(file.image, value);
    else if (!setting_keys.contains(key) || !file.settings.emplace(key, value).second)
      file.fields += line + '\n';
  }
  return file;
}

std::vector<vector_file> all_vectors() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator{KODAMA_TEST_DATA "/protocol/vectors/mqtt"})
    if (entry.path().extension() == ".txt")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<vector_file> all;
  for (const auto& path : paths) {
    all.push_back(read_vector(path));
    EXPECT_EQ(all.back().settings.at("name"), path.stem().string());
  }
  return all;
}

/// As the specification's first packet, or after one.
bytes prefix_of(const vector_file& file) {
  const bool is_first = (static_cast<unsigned>(file.image.at(0)) >> 4U) == 1;
  if (file.sender() == endpoint::server || is_first ||
      file.settings.at("name") == "bad_publish_before_connect")
    return {};
  connect hello;
  hello.version = file.version();
  return encoded(hello, hello.version);
}

TEST(MqttPacket, MeansWhatItsVectorSays) {
  for (const auto& file : all_vectors()) {
    SCOPED_TRACE(file.settings.at("name"));
    const auto prefix = prefix_of(file);
    const auto skipped = prefix.empty() ? 0U : 1U;
    auto stream = prefix;
    append(stream, file.image);
    const auto read = read_at_once(reader_of(file.sender(), file.version()), stream);
    const auto& expected = file.settings.at("expect");
    if (expected == "packet") {
      ASSERT_FALSE(read.failure) << read.failure->text;
      ASSERT_EQ(read.packets.size(), skipped + 1U);
      EXPECT_EQ(read.packets.back(), file.settings.at("packet") + '\n' + file.fields);
    } else if (expected == "incomplete") {
      EXPECT_FALSE(read.failure);
      EXPECT_EQ(read.packets.size(), skipped);
    } else {
      ASSERT_TRUE(read.failure);
      EXPECT_EQ(name_of(read.failure->reason), expected);
      EXPECT_EQ(read.failure->text, file.settings.at("text"));
    }
  }
}

TEST(MqttPacket, IsEncodedAsItsVectorSays) {
  for (const auto& file : all_vectors()) {
    if (file.settings.at("expect") != "packet")
      continue;
    SCOPED_TRACE(file.settings.at("name"));
    const decode_options options{file.sender(), file.version()};
    const auto header = *read_fixed_header(file.image, options).value();
    ASSERT_EQ(header.packet_size(), file.image.size());
    const auto decoded = decode(header, byte_view{file.image}.subspan(header.size), options);
    ASSERT_TRUE(decoded);
    const auto again = to_hex(encoded(*decoded, file.version()));
    EXPECT_EQ(again == to_hex(file.image), !file.settings.contains("canonical")) << again;
  }
}

TEST(MqttPacket, HasAVectorForEveryTypeOfEitherVersion) {
  std::set<std::pair<std::string, std::string>> shown;
  for (const auto& file : all_vectors())
    if (file.settings.at("expect") == "packet")
      shown.emplace(file.settings.at("packet"), file.settings.at("version"));
  EXPECT_EQ(shown.size(), 15U + 14U); // AUTH is new in 5.0
}

void expect_a_proper_error(const error& why) {
  ASSERT_TRUE(is_failure(why.reason));
  ASSERT_NE(why.text.find_last_of("[("), std::string::npos) << "no clause: " << why.text;
  for (const auto letter : why.text)
    ASSERT_TRUE(letter >= 0x20 && letter < 0x7f) << why.text;
}

void decode_somehow(const bytes& image, const decode_options& options) {
  const auto header = read_fixed_header(image, options);
  if (!header)
    return expect_a_proper_error(header.error());
  if (!*header || (*header)->packet_size() > image.size())
    return;
  // From memory of its own, so that the sanitizer sees a read past its end.
  const auto* const begin = image.data() + (*header)->size;
  const bytes body{begin, begin + (*header)->remaining_length};
  if (const auto decoded = decode(**header, body, options); !decoded)
    expect_a_proper_error(decoded.error());
}

// Every byte of every vector with every value: a packet, a wait or an error.
TEST(MqttPacket, SurvivesEveryCorruptionOfItsVector) {
  for (const auto& file : all_vectors()) {
    SCOPED_TRACE(file.settings.at("name"));
    const decode_options options{file.sender(), file.version()};
    for (std::size_t at = 0; at != file.image.size(); ++at) {
      auto image = file.image;
      for (unsigned value = 0; value != 256; ++value) {
        image[at] = static_cast<std::byte>(value);
        decode_somehow(image, options);
      }
    }
  }
}

} // namespace
} // namespace kodama::mqtt
