#include "apps/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

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

void close_keeping_errno(int file) {
  const int why = errno;
  ::close(file);
  errno = why;
}

void remove_after_failure(const std::string& path) {
  const int why = errno;
  ::unlink(path.c_str());
  errno = why;
}

bool write_to(const std::string& path, int how, std::string_view content) {
  const int file = ::open(path.c_str(), how | O_CLOEXEC, 0666);
  if (file < 0)
    return false;
  const bool written = write_all(file, content);
  close_keeping_errno(file);
  return written;
}

} // namespace

bool is_special(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode);
}

std::optional<std::string> read_whole(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return std::nullopt;
  std::string content;
  std::array<char, 16 * 1024> piece;
  ssize_t got = 0;
  while ((got = ::read(file, piece.data(), piece.size())) != 0) {
    if (got > 0)
      content.append(piece.data(), static_cast<std::size_t>(got));
    else if (errno != EINTR)
      break;
    if (content.size() > whole_file_max) {
      errno = EFBIG;
      got = -1;
      break;
    }
  }
  close_keeping_errno(file);
  return got < 0 ? std::nullopt : std::optional{std::move(content)};
}

std::string cannot_read(const std::string& path) {
  const std::string why =
      errno == EFBIG ? "it is larger than " + std::to_string(whole_file_max / 1024 / 1024) + " MiB"
                     : std::strerror(errno);
  return path + ": cannot be read: " + why;
}

std::optional<std::string> behind_links(const std::string& path) {
  constexpr int links_max = 40; // as many as Linux follows
  std::filesystem::path at{path};
  for (int i = 0; i <= links_max; ++i) {
    std::error_code is_none;
    const auto next = std::filesystem::read_symlink(at, is_none);
    if (is_none)
      return at.string();
    at = at.parent_path() / next;
  }
  errno = ELOOP;
  return std::nullopt;
}

bool write_whole(const std::string& path, std::string_view content) {
  if (is_special(path))
    return write_to(path, O_WRONLY, content);
  const auto target = behind_links(path);
  if (!target)
    return false;
  const auto beside = *target + ".new";
  if (write_to(beside, O_WRONLY | O_CREAT | O_TRUNC, content) &&
      std::rename(beside.c_str(), target->c_str()) == 0)
    return true;
  remove_after_failure(beside);
  return false;
}

bool write_secret(const std::string& path, std::string_view content) {
  if (is_special(path)) {
    errno = EINVAL;
    return false;
  }
  const auto target = behind_links(path);
  if (!target)
    return false;
  auto beside = *target + ".XXXXXX";
  const int file = ::mkostemp(beside.data(), O_CLOEXEC); // 0600
  if (file < 0)
    return false;
  set_owner(file, *target);
  const bool written = write_all(file, content) && ::fsync(file) == 0 &&
                       std::rename(beside.c_str(), target->c_str()) == 0;
  close_keeping_errno(file);
  if (!written)
    remove_after_failure(beside);
  return written;
}

bool can_write(const std::string& path) {
  std::error_code is_none;
  if (std::filesystem::is_directory(path, is_none)) {
    errno = EISDIR;
    return false;
  }
  // Not opened for a try: whoever reads a pipe would take the end of that for the end of all.
  if (is_special(path))
    return ::access(path.c_str(), W_OK) == 0;
  const auto target = behind_links(path);
  if (!target)
    return false;
  auto beside = *target + ".XXXXXX";
  const int file = ::mkostemp(beside.data(), O_CLOEXEC);
  if (file < 0)
    return false;
  ::close(file);
  return ::unlink(beside.c_str()) == 0;
}

std::optional<std::vector<numbered_line>> read_lines(const std::string& path) {
  const auto content = read_whole(path);
  if (!content)
    return std::nullopt;
  std::istringstream in{*content};
  std::vector<numbered_line> lines;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r')
      line.pop_back();
    if (!line.empty() && line.front() != '#')
      lines.push_back({number, path + ":" + std::to_string(number) + ": ", line});
  }
  return lines;
}

bool can_make_beside(const std::string& path) {
  return ::access(directory_of(path).c_str(), W_OK | X_OK) == 0;
}

std::string cannot_write(const std::string& path) {
  return "cannot write " + path + ": " + std::strerror(errno);
}

} // namespace kodama::apps
