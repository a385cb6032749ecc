#include <cstdio>

#include "cli/commands.h"

namespace perch::cli {
namespace {

constexpr char kScript[] = R"SH(# bash completion for perch
_perch() {
  local word=${COMP_WORDS[COMP_CWORD]} command= i
  local commands="%s"
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -C | --config | --platform) ((i++)) ;;
      -*) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case ${COMP_WORDS[COMP_CWORD-1]} in
    -C) COMPREPLY=($(compgen -d -- "$word")); return ;;
    --config | --password-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --platform) COMPREPLY=($(compgen -W "local aws" -- "$word")); return ;;
    --stage) COMPREPLY=($(compgen -W "checkout build test release seed start" -- "$word")); return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$(perch $command --help 2>/dev/null | grep -oE '(^|[ ,])--?[a-zA-Z][a-z-]*' | tr -d ' ,')" -- "$word"))
    return
  fi
  case $command in
    "") COMPREPLY=($(compgen -W "$commands" -- "$word")) ;;
    ci) COMPREPLY=($(compgen -W "circleci github gitlab" -- "$word")) ;;
    config) COMPREPLY=($(compgen -W "check show explain diff docs" -- "$word")) ;;
    status | logs | open | up | down | exec)
#Slugs stand for branches everywhere, and hold nothing that a shell would read.
      COMPREPLY=($(compgen -W "$(perch ls --json 2>/dev/null | grep -oE '"slug":"[a-z0-9-]+"' | cut -d'"' -f4)" -- "$word")) ;;
  esac
}
complete -F _perch perch
)SH";

}  // namespace

int RunCompletion(const Context&) {
  std::string names;
  for (const CommandInfo& info : Commands()) names += (names.empty() ? "" : " ") + info.name;
  std::printf(kScript, names.c_str());
  return 0;
}

}  // namespace perch::cli
