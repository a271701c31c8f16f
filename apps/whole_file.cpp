#include "apps/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kodama::apps {
namespace {

std::string directory_of(const std::string& path) {
  const auto directory = std::filesystem::path{path}.parent_path();
  return directory.empty() ? "." : directory.string();
}

/// Whose file this becomes, and who may read it.
void set_owner(int file, const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    // Without its old group what that was allowed would go to ours.
    const bool given = ::fchown(file, found.st_uid, found.st_gid) == 0;
    static_cast<void>(::fchmod(file, found.st_mode & (given ? 07777 : 07707)));
  } else if (::stat(directory_of(path).c_str(), &found) == 0 && found.st_gid != ::getegid() &&
             ::fchown(file, static_cast<uid_t>(-1), found.st_gid) == 0) {
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

bool write_secret(const std::string& path, std::string_view content) {
  const auto beside = path + ".new";
  ::unlink(beside.c_str()); // from a former attempt, and perhaps for everybody to read
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return false;
  set_owner(file, path);
  const bool written = write_all(file, content) && ::fsync(file) == 0;
  const int why = errno;
  ::close(file);
  errno = why;
  return written && std::rename(beside.c_str(), path.c_str()) == 0;
}

bool can_write(const std::string& path) {
  return ::access(directory_of(path).c_str(), W_OK) == 0;
}

} // namespace kodama::apps
