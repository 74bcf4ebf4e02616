#!/bin/sh
# The floor of a run: the same git work, command by command, three tasks at a time, without anything that decides, records or recovers.
# Worktrees are added and removed one at a time, as they must be: git loses that race now and then. Nothing is removed by force: git looks
# first whether that would lose anything.
# usage: shell_floor.sh REPOSITORY NUMBER...
set -eu
cd "$1"
shift
mkdir -p .floor
printf '%s\n' "$@" | xargs -P 3 -n 1 sh -c '
  set -eu
  tree=$PWD/.floor/$1
  flock .floor/lock git worktree add --quiet --no-checkout --no-track -b "floor/$1" "$tree" main >/dev/null 2>&1
  cd "$tree"
  git checkout --force --quiet
  /bin/sh -c "echo done >made-$1.txt"
  git add --all
  git write-tree >/dev/null
  git commit --message "Task $1" >/dev/null
  git push --quiet "--force-with-lease=refs/heads/floor/$1:" origin "floor/$1"
  cd ../..
  flock .floor/lock git worktree remove "$tree"
' task
