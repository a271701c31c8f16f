#include "apps/whole_file.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kodama::apps {

std::optional<std::string> read_whole(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return std::nullopt;
  std::string content{std::istreambuf_iterator<char>{in}, {}};
  return in.bad() ? std::nullopt : std::optional{std::move(content)};
}

bool write_whole(const std::string& path, std::string_view content) {
  const auto beside = path + ".new";
  std::ofstream out{beside, std::ios::binary};
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  return out && std::rename(beside.c_str(), path.c_str()) == 0;
}

bool can_write(const std::string& path) {
  const auto directory = std::filesystem::path{path}.parent_path();
  return ::access(directory.empty() ? "." : directory.c_str(), W_OK) == 0;
}

} // namespace kodama::apps
