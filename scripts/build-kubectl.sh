#!/usr/bin/env bash
# build-kubectl.sh FOLDER [VERSION=1.36.3]: builds kubectl from its Go module into FOLDER, for machines that have Go but no kubectl.
set -euo pipefail
out=$1 version=${2:-1.36.3}
minor=${version#1.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# Within k8s.io/kubernetes its parts are replaced by folders; as modules of their own they are versioned 0.MINOR.PATCH.
gomod=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)",*/\1/p')
{
  echo "module build"
  grep -m1 '^go ' "$gomod"
  echo "require k8s.io/kubernetes v$version"
  echo "replace ("
  sed -n 's#^\s*\(k8s.io/[a-z-]*\) => ./staging/.*#\t\1 => \1 v0.'"$minor"'#p' "$gomod"
  echo ")"
} >go.mod
printf '//go:build tools\n\npackage build\n\nimport _ "k8s.io/kubectl/pkg/cmd"\n' >tools.go
go mod tidy >/dev/null 2>&1
flags="-s -w -X k8s.io/component-base/version.gitVersion=v$version -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=${minor%%.*}"
go build -ldflags "$flags" -o "$out/kubectl" k8s.io/kubernetes/cmd/kubectl
