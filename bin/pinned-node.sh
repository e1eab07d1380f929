# To be sourced with $root, the directory of Sluice: sets $node to the Node.js that came with it, whatever the machine has; else to
# the machine's own when that is 24 or newer. Ends the shell when there is neither.
case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) arch=none ;; esac
for node in "$root/node_modules/node-linux-$arch/bin/node" "${root%/*}/node-linux-$arch/bin/node"; do
  [ -x "$node" ] && return
done
if node=$(command -v node) && "$node" -e 'process.exit(process.versions.node.split(".")[0] < 24)'; then return; fi
echo "sluice: needs Node.js 24 or newer: npm installs one with Sluice on Linux (x64, arm64); here, put one on the PATH" >&2
exit 1
