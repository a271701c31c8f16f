#include "apps/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kodama::apps {
namespace {

std::string directory_of(const std::string& path) {
  const auto directory = std::filesystem::path{path}.parent_path();
  return directory.empty() ? "." : directory.string();
}

/// Whose file this becomes, and who may read it.
void set_owner(int file, const std::string& path) {
  constexpr auto unchanged = static_cast<uid_t>(-1);
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    // Each for itself: only root gives files away, but to a group whoever is in it may.
    static_cast<void>(::fchown(file, found.st_uid, unchanged));
    const bool grouped = ::fchown(file, unchanged, found.st_gid) == 0;
    // What its old group was allowed is not to go to ours.
    static_cast<void>(::fchmod(file, found.st_mode & (grouped ? 07777U : 07707U)));
  } else if (::stat(directory_of(path).c_str(), &found) == 0 && (found.st_mode & 027U) == 0 &&
             (found.st_mode & 050U) == 050U && ::fchown(file, unchanged, found.st_gid) == 0) {
    static_cast<void>(::fchmod(file, 0640));
  }
}

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(file, content.data(), content.size());
    if (written < 0 && errno != EINTR)
      return false;
    content.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return true;
}

} // namespace

std::optional<std::string> read_whole(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return std::nullopt;
  // Not by istreambuf_iterator, which throws where a read fails; of a directory, the first.
  std::string content;
  std::array<char, 16 * 1024> piece;
  while (in.read(piece.data(), piece.size()) || in.gcount() > 0)
    content.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  return in.bad() ? std::nullopt : std::optional{std::move(content)};
}

bool write_whole(const std::string& path, std::string_view content) {
  const auto beside = path + ".new";
  std::ofstream out{beside, std::ios::binary};
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  return out && std::rename(beside.c_str(), path.c_str()) == 0;
}

bool write_secret(const std::string& path, std::string_view content) {
  auto beside = path + ".XXXXXX";
  const int file = ::mkostemp(beside.data(), O_CLOEXEC); // 0600
  if (file < 0)
    return false;
  set_owner(file, path);
  const bool written = write_all(file, content) && ::fsync(file) == 0 &&
                       std::rename(beside.c_str(), path.c_str()) == 0;
  const int why = errno;
  ::close(file);
  if (!written)
    ::unlink(beside.c_str());
  errno = why;
  return written;
}

bool can_write(const std::string& path) {
  return ::access(directory_of(path).c_str(), W_OK) == 0;
}

} // namespace kodama::apps
