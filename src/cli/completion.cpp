#include <penstock/cli/completion.hpp>

#include <string_view>

#include <CLI/CLI.hpp>

namespace penstock::cli {
namespace {

constexpr const char* kBash = R"(_kubectl_penstock() {
  local line directive=4 word=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) directive=${line#:} ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <(kubectl-penstock __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "$directive" = 0 ]; then
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "${word#=}")
  fi
}
complete -F _kubectl_penstock kubectl-penstock
)";

constexpr const char* kZsh = R"(#compdef kubectl-penstock
_kubectl_penstock() {
  local line directive=4
  local -a candidates
  for line in "${(@f)$(kubectl-penstock __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :*) directive=${line#:} ;;
      *$'\t'*) candidates+=("${line%%$'\t'*}:${line#*$'\t'}") ;;
      *) candidates+=("$line") ;;
    esac
  done
  if [[ $directive == 0 ]]; then _files; else _describe kubectl-penstock candidates; fi
}
compdef _kubectl_penstock kubectl-penstock
)";

constexpr const char* kFish = R"(function __kubectl_penstock
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  test -n "$current"; or set current ''
  for line in (kubectl-penstock __complete $before[2..-1] $current 2>/dev/null)
    switch $line
      case ':0'
        __fish_complete_path $current
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c kubectl-penstock -f -a '(__kubectl_penstock)'
)";

constexpr const char* kKubectl = R"(#!/bin/sh
exec kubectl-penstock __complete "$@"
)";

// Of an option's values: a set of words, or the names of files; as the description of the option says it.
struct Values {
  std::vector<std::string> words;
  bool files = false;
};

Values values_of(const CLI::Option& option) {
  Values values;
  std::string text = option.get_type_name();  // "TEXT:{table,json,yaml}", "TEXT:FILE"
  if (text.ends_with(":FILE")) values.files = true;
  const auto open = text.find('{'), close = text.rfind('}');
  if (open == std::string::npos || close == std::string::npos) return values;
  std::string_view list = std::string_view(text).substr(open + 1, close - open - 1);
  while (!list.empty()) {
    const auto comma = list.find(',');
    values.words.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return values;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

class Completer {
 public:
  explicit Completer(const CLI::App& app) : app_(&app) {}

  std::string run(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) pass(words[i]);
    // bash takes an equals sign for a word of its own.
    std::string last = words.empty() || words.back() == "=" ? "" : words.back();
    if (awaits_ != nullptr) return of_option(*awaits_, "", last);
    if (const auto equals = last.find('='); last.starts_with("--") && equals != std::string::npos) {
      const CLI::Option* option = find(last.substr(0, equals));
      return option == nullptr ? end(false) : of_option(*option, last.substr(0, equals + 1), last);
    }
    if (last.starts_with("-")) return options(last);
    return commands(last);
  }

 private:
  const CLI::Option* find(const std::string& name) const { return app_->get_option_no_throw(name); }

  void pass(const std::string& word) {
    if (word == "=") return;
    if (awaits_ != nullptr) {
      awaits_ = nullptr;
    } else if (word.starts_with("-")) {
      const CLI::Option* option = word.find('=') == std::string::npos ? find(word) : nullptr;
      if (option != nullptr && takes_value(*option)) awaits_ = option;
    } else if (const CLI::App* its = subcommand(word)) {
      app_ = its;
    }
  }

  const CLI::App* subcommand(const std::string& name) const {
    for (const CLI::App* one : app_->get_subcommands([](const CLI::App*) { return true; }))
      if (one->get_name() == name) return one;
    return nullptr;
  }

  void offer(const std::string& candidate, const std::string& meaning, const std::string& begun) {
    if (!candidate.starts_with(begun)) return;
    text_ += candidate;
    if (!meaning.empty()) text_ += "\t" + meaning.substr(0, meaning.find('\n'));
    text_ += "\n";
  }
  std::string end(bool files) const { return text_ + (files ? ":0\n" : ":4\n"); }

  std::string of_option(const CLI::Option& option, const std::string& before, const std::string& begun) {
    const Values values = values_of(option);
    for (const std::string& word : values.words) offer(before + word, "", begun);
    return end(values.files);
  }

  std::string options(const std::string& begun) {
    for (const CLI::Option* option : app_->get_options())
      for (const std::string& name : option->get_lnames()) offer("--" + name, option->get_description(), begun);
    return end(false);
  }

  std::string commands(const std::string& begun) {
    for (const CLI::App* one : app_->get_subcommands([](const CLI::App*) { return true; }))
      offer(one->get_name(), one->get_description(), begun);
    for (const CLI::Option* option : app_->get_options())
      if (option->get_positional())
        for (const std::string& word : values_of(*option).words) offer(word, "", begun);
    return end(false);
  }

  const CLI::App* app_;
  const CLI::Option* awaits_ = nullptr;
  std::string text_;
};

}  // namespace

std::string complete(const CLI::App& app, const std::vector<std::string>& words) {
  return Completer(app).run(words);
}

std::string completion_script(const std::string& shell) {
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  if (shell == "kubectl") return kKubectl;
  return kBash;
}

}  // namespace penstock::cli
