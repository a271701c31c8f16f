// Holds the codec to tests/protocol/vectors, which is also what clients in other languages are held
// to. The format is described in the README.md there.

#include "message_fields.hpp"
#include "protocol/message_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace kodama {
namespace {

struct vector_file {
  std::map<std::string, std::string> settings; // what does not belong to the message
  std::string fields;                          // the lines of the message's own fields
  bytes image;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos)
    return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

void append_hex(bytes& to, std::string line) {
  line.resize(std::min(line.find('#'), line.size()));
  std::erase(line, ' ');
  ASSERT_EQ(line.size() % 2, 0U) << line;
  for (std::size_t i = 0; i != line.size(); i += 2) {
    std::size_t used = 0;
    to.push_back(static_cast<std::byte>(std::stoul(line.substr(i, 2), &used, 16)));
    ASSERT_EQ(used, 2U) << line;
  }
}

vector_file read_vector(const std::filesystem::path& path) {
  static const std::set<std::string> setting_keys = {"name", "expect", "canonical", "message",
                                                     "timestamp"};
  vector_file file;
  std::ifstream in{path};
  EXPECT_TRUE(in.is_open());
  bool is_message = false;
  for (std::string line; std::getline(in, line);) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#')
      continue;
    const auto equals = line.find('=');
    if (equals == std::string::npos) {
      ADD_FAILURE() << "neither a comment nor key = value: " << line;
      continue;
    }
    const auto key = trimmed(line.substr(0, equals));
    const auto value = trimmed(line.substr(equals + 1));
    is_message = is_message || (key == "expect" && value == "message");
    if (key == "hex")
      append_hex(file.image, value);
    else if (!is_message || setting_keys.contains(key))
      EXPECT_TRUE(file.settings.emplace(key, value).second) << key << " twice";
    else
      file.fields += key + (value.empty() ? " =" : " = ") + value + "\n";
  }
  return file;
}

decode_limits limits_of(const vector_file& file) {
  decode_limits limits;
  const auto take = [&file](const char* key, std::uint32_t& to) {
    if (const auto found = file.settings.find(key); found != file.settings.end())
      to = static_cast<std::uint32_t>(std::stoul(found->second));
  };
  take("message_size_max", limits.message_size_max);
  take("sections_max", limits.sections_max);
  return limits;
}

std::vector<std::filesystem::path> all_paths() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator{KODAMA_TEST_DATA "/protocol/vectors"})
    // datagram.txt holds the cipher's known answers; datagram_channel_test.cpp reads it.
    if (entry.path().extension() == ".txt" && entry.path().stem() != "datagram")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

void check_message(const vector_file& file, const message_reader::item& item) {
  EXPECT_EQ(message::name_of(item.header.type), file.settings.at("message"));
  EXPECT_EQ(std::to_string(item.header.timestamp), file.settings.at("timestamp"));
  EXPECT_EQ(message::to_lines(item.body), file.fields);
  bytes encoded;
  message::encode(encoded, item.body, item.header.timestamp);
  if (file.settings.contains("canonical"))
    EXPECT_NE(message::to_hex(encoded), message::to_hex(file.image)) << "canonical after all";
  else
    EXPECT_EQ(message::to_hex(encoded), message::to_hex(file.image));
}

TEST(Vectors, MeanWhatTheySay) {
  for (const auto& path : all_paths()) {
    SCOPED_TRACE(path.filename().string());
    const auto file = read_vector(path);
    const auto expected = file.settings.at("expect");
    EXPECT_EQ(file.settings.at("name"), path.stem().string());
    message_reader reader{limits_of(file)};
    reader.feed(file.image);
    const auto item = reader.next();
    if (!item) {
      EXPECT_EQ(item.error().message(), expected);
      continue;
    }
    EXPECT_EQ(*item ? "message" : "incomplete", expected);
    if (*item) {
      check_message(file, **item);
      EXPECT_TRUE(reader.take_rest().empty());
    }
  }
}

TEST(Vectors, ShowEveryMessageType) {
  std::set<std::string> shown;
  for (const auto& path : all_paths()) {
    const auto file = read_vector(path);
    if (file.settings.at("expect") == "message")
      shown.insert(file.settings.at("message"));
  }
  EXPECT_EQ(shown.size(), 32U);
}

} // namespace
} // namespace kodama
