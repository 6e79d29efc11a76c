package parse

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// cdfElement is any element of Microsoft's Channel Definition Format.
type cdfElement struct {
	XMLName  xml.Name
	Attrs    []xml.Attr   `xml:",any,attr"`
	Text     string       `xml:",chardata"`
	Children []cdfElement `xml:",any"`
}

func (e *cdfElement) attr(name string) string {
	for _, a := range e.Attrs {
		if strings.EqualFold(a.Name.Local, name) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

func (e *cdfElement) is(name string) bool { return strings.EqualFold(e.XMLName.Local, name) }

// readCDF reads a CDF channel, the one format here that gofeed does not read.
func (d *parsed) readCDF(doc []byte) error {
	var channel cdfElement
	dec := xml.NewDecoder(bytes.NewReader(doc))
	dec.Strict, dec.Entity = false, xml.HTMLEntity
	if err := dec.Decode(&channel); err != nil {
		return err
	}
	f := &d.feed
	f.version = "cdf"
	f.base = channel.attr("base")
	title, abstract, link := channel.words()
	f.title, f.subtitle, f.link, f.updated = title, abstract, link, channel.attr("lastmod")
	if link != "" {
		f.links = []Link{{URL: link, Rel: "alternate", Type: "text/html"}}
	}
	for i := range channel.Children {
		switch c := &channel.Children[i]; {
		case c.is("logo"):
			f.logo = c.attr("href")
			f.image = f.logo
		case c.is("item"):
			f.entries = append(f.entries, c.cdfItem())
		}
	}
	return nil
}

// words returns what a channel and an item have in common.
func (e *cdfElement) words() (title, abstract, link string) {
	link = e.attr("href")
	for i := range e.Children {
		switch c := &e.Children[i]; {
		case c.is("title"):
			title = strings.TrimSpace(c.Text)
		case c.is("abstract"):
			abstract = strings.TrimSpace(c.Text)
		case c.is("a") && link == "":
			link = c.attr("href")
		}
	}
	return title, abstract, link
}

func (e *cdfElement) cdfItem() entry {
	title, abstract, link := e.words()
	it := entry{title: title, summary: abstract, link: link, updated: e.attr("lastmod")}
	if link != "" {
		it.links = []Link{{URL: link, Rel: "alternate", Type: "text/html"}}
	}
	return it
}
