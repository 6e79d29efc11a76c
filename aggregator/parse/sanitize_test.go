package parse

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// vectors are inputs of which nothing active may remain.
var vectors = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//e.com/x.js></SCRIPT>`, `<img src=x onerror=alert(1)>`, `<img src="javascript:alert(1)">`,
	`<a href="javascript:alert(1)">x</a>`, `<a href=" javascript:alert(1)">x</a>`, `<a href="java&#x09;script:alert(1)">x</a>`, `<a href="JaVaScRiPt:alert(1)">x</a>`,
	`<a href="data:text/html,<script>alert(1)</script>">x</a>`, `<a href="vbscript:x">x</a>`, `<a href="//evil.example/x">x</a>`, `<a href="&#106;avascript:alert(1)">x</a>`,
	`<iframe src="https://e.com"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>"></iframe>`, `<object data="x.swf"></object>`, `<embed src="x.swf">`,
	`<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`, `<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>`,
	`<math><a xlink:href="javascript:alert(1)">x</a></math>`, `<style>body{background:url(javascript:alert(1))}</style>`, `<p style="background:url(javascript:alert(1))">x</p>`, `<link rel=stylesheet href=x>`,
	`<meta http-equiv=refresh content="0;url=javascript:alert(1)">`, `<base href="https://evil.example/">`, `<form action="https://e.com"><input name=x><button>go</button></form>`, `<input onfocus=alert(1) autofocus>`,
	`<video src=x onerror=alert(1)></video>`, `<audio src=x onerror=alert(1)></audio>`, `<video><source onerror=alert(1)></video>`, `<details ontoggle=alert(1) open>x</details>`,
	`<body onload=alert(1)>`, `<marquee onstart=alert(1)>x</marquee>`, `<isindex action=javascript:alert(1)>`, `<table background="javascript:alert(1)"><tr><td>x`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>`, `<xmp><script>alert(1)</script></xmp>`, `<textarea><script>alert(1)</script></textarea>`, `<title><script>alert(1)</script></title>`,
	`<img src="x" srcset="https://e.com/x 2x">`, `<img src=https://e.com/p.gif width=1 height=1>`, `<img src="https://pixel.wp.com/b.gif?x=1">`, `<img src=https://e.com/p.gif style="display:none">`,
	`<!--[if IE]><script>alert(1)</script><![endif]-->`, `<!--><script>alert(1)</script>-->`, `<![CDATA[<script>alert(1)</script>]]>`, `<?php echo 1 ?><script>alert(1)</script>`,
	`<scr<script>ipt>alert(1)</scr</script>ipt>`, `<<script>alert(1)//<</script>`, "<img/src='x'/onerror='alert(1)'>", "<a href=\"jav\x00ascript:alert(1)\">x</a>",
	`<img """><script>alert(1)</script>">`, `<div onclick="alert(1)">x</div>`, `<template><script>alert(1)</script></template>`, `<a href="https://e.com" onmouseover=alert(1) target=_top>x</a>`,
	`<custom-element onclick=x>y</custom-element>`, `<svg><animate onbegin=alert(1) attributeName=x>`, `<a href="file:///etc/passwd">x</a>`, `<img src="blob:https://e.com/x">`,
	`<plaintext><script>alert(1)</script>`, `<p id="x" name="y" class="z">x</p>`, `<select><option><script>alert(1)</script></select>`, `<img src="http://[::1">`,
}

func TestSanitizeVectors(t *testing.T) {
	for _, v := range vectors {
		assertSafe(t, v, Sanitize(v, ""))
		assertSafe(t, v, Sanitize(v, "https://example.org/a/b"))
	}
}

var allowedAttrs = map[string]bool{"href": true, "src": true, "alt": true, "width": true, "height": true, "cite": true, "colspan": true, "rowspan": true, "dir": true, "datetime": true}

func assertSafe(t *testing.T, in, out string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "button", "link", "meta", "base", "video", "audio", "noscript", "template":
				t.Errorf("%q: %s remains in %q", in, n.Data, out)
			}
			for _, a := range n.Attr {
				if !allowedAttrs[a.Key] && (a.Key != "title" || n.Data != "a" && n.Data != "abbr") {
					t.Errorf("%q: attribute %s remains in %q", in, a.Key, out)
				}
				if a.Key == "href" || a.Key == "src" || a.Key == "cite" {
					u, err := url.Parse(a.Val)
					if err != nil || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto") {
						t.Errorf("%q: address %q remains", in, a.Val)
					}
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
}

func TestSanitizeKeeps(t *testing.T) {
	for in, want := range map[string]string{
		`<p>a <b>b</b> &amp; c</p>`:             `<p>a <b>b</b> &amp; c</p>`,
		`<a href="/x?a=1&amp;b=2">x</a>`:        `<a href="https://example.org/x?a=1&amp;b=2">x</a>`,
		`<img src="i.png" alt="A" width="300">`: `<img src="https://example.org/n/i.png" alt="A" width="300">`,
		`<a href="mailto:a@example.org">m</a>`:  `<a href="mailto:a@example.org">m</a>`,
		`plain`:                                 `plain`,
	} {
		if got := Sanitize(in, "https://example.org/n/f.xml"); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
}

func FuzzSanitize(f *testing.F) {
	for _, v := range vectors {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Sanitize(s, "https://example.org/")
		assertSafe(t, s, out)
		if long := sanitizeLong(s); out != long && strings.IndexByte(s, '<') >= 0 {
			t.Errorf("%q: %q, by the policy %q", s, out, long)
		}
	})
}

// sanitizeLong is sanitize without its short way.
func sanitizeLong(s string) string {
	s, _ = absolutize(notDeclared(s), "https://example.org/")
	return strings.TrimSpace(policy().Sanitize(s))
}

// TestSanitizeSimple: the short way for simple HTML gives what the policy gives.
func TestSanitizeSimple(t *testing.T) {
	for _, s := range []string{
		`<p>One <b>two</b> it's &amp; "three" &nbsp; &lt;x&gt; > &copy; &#x27;</p>`, `a<br>b<br/>c<br />d<hr />`, "<ul>\n<li>x</li>\n</ul>",
		`<a href="https://example.org/a/b?x=1">x</a>`, `<a href="/rel?x=1&amp;y=2" class="k" onclick="y()">x</a>`, `<img src="i.png" alt="A &amp; B" width="300" onerror="x">`,
		`<a href="https://example.org/?a=1&amp;copy=2&amp;amp;=3#f">x</a>`, `<a href="http://example.org:8080/">x</a><img src="https://example.org/p.gif" width="1">`, `<img src="a.png"/><img src="b.png" />`, `<img src="https://example.org/a.png" alt="x y" width="600" height="40" /><img src="http://example.org/b/c?d=e&amp;f=g"/>`, `<img src="https://example.org/c.png" width="01" ><img src="http://0"><img src="https://example.org/c.png" alt="">`, `<h2>é日本</h2> tail `,
		`<a href="HTTP://example.org/">x</a>`, `<a href="https://EXAMPLE.org/%41">x</a>`, `<p>a</p></p></b>`, `</a>x`, `<a title="t" href="mailto:a@example.org">m</a>`,
	} {
		got, image, ok := sanitizeSimple(s, "https://example.org/")
		if long := sanitizeLong(s); !ok || got != long {
			t.Errorf("%q: %q (%v), by the policy %q", s, got, ok, long)
		}
		if _, want := absolutize(s, "https://example.org/"); image != want {
			t.Errorf("%q: image %q, want %q", s, image, want)
		}
	}
}
