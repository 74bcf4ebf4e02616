#!/bin/sh
# The floor of a run: the same git and gh work, command by command, three tasks at a time, without anything that decides, records or
# recovers. Worktrees are added and removed one at a time, as they must be: git loses that race now and then. Nothing is removed by force:
# git looks first whether that would lose anything.
# usage: shell_floor.sh REPOSITORY GITHUB NUMBER...
# GITHUB is owner/name, where the numbers are issues' that are read, marked, answered by a pull request and a comment, and marked again; or -
set -eu
cd "$1"
export github="$2"
shift 2
mkdir -p .floor
printf '%s\n' "$@" | xargs -P 3 -n 1 sh -c '
  set -eu
  ask() { [ "$github" = - ] || gh api "$@"; }
  issue=repos/$github/issues/$1
  tree=$PWD/.floor/$1

  ask "$issue" >/dev/null
  ask -X PUT "$issue/labels" -f "labels[]=locus" -f "labels[]=locus:in-progress" >/dev/null
  flock .floor/lock git worktree add --quiet --no-checkout --no-track -b "floor/$1" "$tree" main >/dev/null 2>&1
  cd "$tree"
  git checkout --force --quiet
  /bin/sh -c "echo done >made-$1.txt"
  git add --all
  git write-tree >/dev/null
  git commit --message "Task $1" >/dev/null
  git push --quiet "--force-with-lease=refs/heads/floor/$1:" origin "floor/$1"
  pull=$(ask -X POST "repos/$github/pulls" -f "title=Task $1" -f "head=floor/$1" -f base=main -f "body=Closes #$1" --jq .number)
  ask -X POST "repos/$github/issues/$pull/labels" -f "labels[]=locus" >/dev/null
  ask -X POST "$issue/comments" -f body=Done >/dev/null
  ask -X PUT "$issue/labels" -f "labels[]=locus" -f "labels[]=locus:done" >/dev/null
  cd ../..
  flock .floor/lock git worktree remove "$tree"
' task
