# Sourced with WIKIPEDIA OUT by scripts that choose on one half of the validation articles and report on the other: `wikipedia` (a folder with
# train*.txt.xz and valid.txt.xz) and `out` are the two, and program.sh is in force. `text` is the training text with half A, the articles whose
# checksum is even, on which everything is chosen; $out/half-b has the others. prepare makes what the program keeps of the text.
wikipedia="$(realpath "$1")"
mkdir -p "$2"
out="$(realpath "$2")"
. "$(dirname "${BASH_SOURCE[0]}")/program.sh"
text="$out/text"
if [ ! -f "$text/done" ]; then
    mkdir -p "$text" "$out/half-b"
    for file in "$wikipedia"/train*; do
        ln -sf "$file" "$text/"
    done
    xz -dc "$wikipedia"/valid.txt.xz | python3 -c '
import sys, zlib
halves = [open(path, "w") for path in sys.argv[1:]]
for article in sys.stdin.read().split("\n\n"):
    if article.strip():
        halves[zlib.crc32(article.strip().encode()) % 2].write(article.strip() + "\n\n")
' "$text/valid.txt" "$out/half-b/valid.txt"
    touch "$text/done"
fi

# prepare RECIPE: a run of one step that nobody keeps, since processes that begin at once would each prepare the text.
prepare() {
    local folder
    folder="$(mktemp -d)"
    "$pliant" compare --recipe "$1" --arms gelu --corpus "$text" --set data.cache="$out/data" --set optimizer.warmup=0 --seeds 100 --steps 1 --plain --out "$folder" \
        > "$out/prepare.log" 2>&1 < /dev/null
    rm -r "$folder"
}
