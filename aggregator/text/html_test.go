package text

import "testing"

// TestSimplePlainText: the short way through simple HTML gives what the long
// way gives.
func TestSimplePlainText(t *testing.T) {
	for _, s := range []string{
		`<p>One <b>two</b> three</p><p>four</p>`, "<p> a\n b </p>\n\n<div>c<br/>d<br />e</div>", `a &amp; b &lt;p&gt; c`,
		`<a href="https://example.org/?a=1&amp;b=2">x</a>y<img src="i.png" alt="no">z`, `<ul><li>1</li><li>2</li></ul>tail`,
		`x&nbsp;<i>y</i>&nbsp;z`, "<p>\u00a0</p>\u3000日本<br>語", `<foo>x</foo>`, `<h1 class="a b">T</h1>text`, `<p>&#x41;&copy</p>`,
	} {
		var simple, long plain
		if !simple.simple(s) {
			t.Errorf("%q takes the long way", s)
		}
		long.any(s)
		if string(simple.b) != string(long.b) {
			t.Errorf("%q: simple %q, long %q", s, simple.b, long.b)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	for _, s := range []string{`<p>a</p> b`, `<a title="<">x`, `<p/ x>y`, `a<b`, "<br\n>", `<p a="b>c">d`, `&lt;<i>`, `<title>a<b>c</title>`, `</>x`, `<p =">x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var simple, long plain
		if long.any(s); simple.simple(s) && string(simple.b) != string(long.b) {
			t.Errorf("%q: simple %q, long %q", s, simple.b, long.b)
		}
	})
}
