// Completion of command lines for every shell in one way: the shells' scripts hand the words to `__complete`, which
// looks them up in the description of the command line. Pure.
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace penstock::cli {

// The word of the hidden command.
inline constexpr const char* kComplete = "__complete";

// What the last word may become: a candidate a line, with a tab and its meaning, then `:0` when a file's name may
// follow and `:4` when not. It is what kubectl expects of plugins.
std::string complete(const CLI::App& app, const std::vector<std::string>& words);

// shell: bash, zsh, fish, kubectl.
std::string completion_script(const std::string& shell);

}  // namespace penstock::cli
