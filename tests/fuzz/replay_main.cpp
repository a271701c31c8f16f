// Runs every file of the folders (or the files) given through a fuzz target, so that what a fuzzer
// once found stays found with any compiler.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// In the order of their names: a folder's own order differs from machine to machine.
std::vector<std::filesystem::path> files_at(const std::filesystem::path& where) {
  if (!std::filesystem::is_directory(where))
    return {where};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{where})
    if (entry.is_regular_file())
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

bool replay(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return false;
  // Named before it runs: a failing target aborts.
  std::printf("%s\n", file.string().c_str());
  std::fflush(stdout);
  const std::vector<char> content{std::istreambuf_iterator<char>{in}, {}};
  const std::vector<std::uint8_t> input(content.begin(), content.end());
  LLVMFuzzerTestOneInput(input.data(), input.size());
  return true;
}

} // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& file : files_at(argv[i])) {
      if (!replay(file)) {
        std::fprintf(stderr, "cannot read %s\n", file.string().c_str());
        return 1;
      }
      ++count;
    }
  }
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0; // an empty corpus tests nothing
}
