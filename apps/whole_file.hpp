#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::apps {

/// What people write, or Kodama for itself, is far smaller; what is larger, or has no end, is some
/// other file.
constexpr std::size_t whole_file_max = std::size_t{64} * 1024 * 1024;

/// Everything in it; empty, with errno set, when it cannot be read or is larger than
/// `whole_file_max` (EFBIG).
[[nodiscard]] std::optional<std::string> read_whole(const std::string& path);

struct numbered_line {
  std::size_t number = 0;
  std::string at; ///< "FILE:NUMBER: ", for what is found wrong with it
  std::string text;
};

/// Its lines, for files of which each line is an entry: without empty ones and those that begin
/// with
/// '#', and without a carriage return before a line's end. Empty as read_whole().
[[nodiscard]] std::optional<std::vector<numbered_line>> read_lines(const std::string& path);

/// What to say after either, while errno still tells why.
[[nodiscard]] std::string cannot_read(const std::string& path);

/// What is there, or where its link leads to, is no regular file: a directory, a device, a pipe.
[[nodiscard]] bool is_special(const std::string& path);

/// Writes it beside the file first and renames it then, so that whoever reads finds the old content
/// or the new one. A symbolic link stays one, and what is no file (a device, a pipe) is written to.
/// False, with errno set, when it cannot be written; then nothing is left beside the file.
[[nodiscard]] bool write_whole(const std::string& path, std::string_view content);

/// The same for what is nobody else's business, and into regular files alone: what else is there
/// stays as it is (EINVAL). A file that is there keeps its mode, and its owner and group as far as
/// we may give them; a new one is its owner's alone (0600), and where its directory is one group's
/// to read and nobody else's (0750), that group's to read (0640).
[[nodiscard]] bool write_secret(const std::string& path, std::string_view content);

/// Where `path` leads to, whether or not it is there: what is renamed onto a link replaces the
/// link. Empty, with errno set, where links go round in a circle.
[[nodiscard]] std::optional<std::string> behind_links(const std::string& path);

/// Asked before long work whose result would have nowhere to go, and found out by trying: the
/// directory then holds one file more for a moment. False, with errno set, when it cannot.
[[nodiscard]] bool can_write(const std::string& path);

/// Whether we may put a file beside `path`, asked without trying: nothing changes, not even for a
/// moment. False, with errno set, when we may not.
[[nodiscard]] bool can_make_beside(const std::string& path);

/// What to say after any of these, while errno still tells why.
[[nodiscard]] std::string cannot_write(const std::string& path);

} // namespace kodama::apps
