//go:build linux

package parse

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestMemory (F-62): reading a valid feed of 19 MB in a process of its own
// takes about 100 MB at the worst moment (41 to 98 measured), all in: the
// program, the document and what is read of it. Items beyond the 2,000th are
// not built.
func TestMemory(t *testing.T) {
	if os.Getenv("PARSE_MEMORY_TEST") != "" {
		memoryChild(t)
		return
	}
	if raceEnabled {
		t.Skip("measures: the run without the race detector does it")
	}
	for _, kind := range []string{"escaped", "cdata", "atom", "json", "many"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemory$", "-test.v")
		cmd.Env = append(os.Environ(), "PARSE_MEMORY_TEST="+kind, "GOGC=100", "GOMEMLIMIT=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", kind, err, out)
		}
		_, after, _ := strings.Cut(string(out), "peak-kb=")
		kb, err := strconv.Atoi(strings.Fields(after)[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d MB at most", kind, kb>>10)
		if kb>>10 > 110 {
			t.Errorf("%s: %d MB, want 100", kind, kb>>10)
		}
	}
}

// memoryChild reads a feed and prints the peak of the process's memory.
func memoryChild(t *testing.T) {
	body := largeFeed(os.Getenv("PARSE_MEMORY_TEST"))
	before := peak(t)
	res, err := Feed(Input{Body: body, URL: "https://example.org/", Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Items) < 1000 || len(res.Items) > maxItems {
		t.Fatalf("%d items", len(res.Items))
	}
	fmt.Printf("peak-kb=%d before-kb=%d bytes=%d items=%d\n", peak(t), before, len(body), len(res.Items))
}

// largeFeed makes a feed of 19 MB in one piece of memory.
func largeFeed(kind string) []byte {
	const size = 19 << 20
	b := make([]byte, 0, size+64<<10)
	para := strings.Repeat("<p>The ministers of two countries <strong>met</strong> on <a href=\"https://example.org/a\">Wednesday</a>.</p>\n", 95)
	item := "<item><guid>%d</guid><title>Headline %d</title><description>" + strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(para[:7000]) + "</description></item>"
	head, tail := `<rss version="2.0"><channel><title>T</title>`, "</channel></rss>"
	switch kind {
	case "cdata":
		item = "<item><guid>%d</guid><title>Headline %d</title><description><![CDATA[" + para[:9800] + "]]></description></item>"
	case "atom":
		head, tail = `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>`, "</feed>"
		item = `<entry><id>%d</id><title>Headline %d</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">` + strings.Repeat("<p>The ministers <b>met</b>.</p>", 30) + strings.Repeat("The ministers of two countries met. ", 240) + "</div></content></entry>"
	case "json":
		head, tail = `{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[`, "{}]}"
		item = `{"id":"%d","title":"Headline %d","content_html":"` + strings.Repeat("<p>The ministers of two countries <b>met</b>.</p>", 200) + `"},`
	case "many":
		item = "<item><guid>%d</guid><title>Headline %d</title><description>A short text of an item.</description></item>"
	}
	b = append(b, head...)
	for i := 0; len(b) < size; i++ {
		b = fmt.Appendf(b, item, i, i)
	}
	return append(b, tail...)
}

func peak(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kb
}
