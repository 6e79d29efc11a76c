package enrich

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// elem is an element that starts a line, as it stood before readability
// changed the tree.
type elem struct {
	up    *elem
	tag   string
	class string
	kinds kinds
	inner bool // stands in one of the same class
	box   bool // furniture, for what it is called or stands in
	prose int  // runes of sentences below it
}

// kinds says what an element's class and id call it.
type kinds uint8

const (
	isCaption kinds = 1 << iota
	isBox           // something beside the article: a newsletter form, a list of others
	isTeaser        // the standfirst
)

var kindWords = sync.OnceValue(func() map[string]kinds {
	m := map[string]kinds{}
	for k, words := range map[kinds]string{
		isCaption: "caption captions figcaption credit credits bildunterschrift bildnachweis bildtext bildrechte legende copyright imagecaption photocaption photocredit mediasubtitle picturecaption fotocredit pie imgtext imagetext bildbeschreibung bildquelle fotograaf source-image",
		isBox: `newsletter newsletters related relatedarticles relatedcontent recommend recommended recommendation recommendations promo promos promobox promotion share sharing
			social socials sidebar comment comments subscribe subscription signup register registration login signin regwall ad ads advert advertisement advertising anzeige werbung outbrain taboola
			mostread mostpopular trending popular breadcrumb breadcrumbs cookie cookies consent gdpr onetrust ccpa tooltip modal popup overlay toast gallery slideshow carousel poll quiz disclaimer
			author authors authorbox authorinfo authorprofile bio biography byline tags taglist topics pagination pager factbox infobox faktenbox infokasten faktabox sharebar toolbar readmore
			readalso alsoread teaser teasers teaserlist player correction feedback donate donation upsell offer offers affiliate tableofcontents toc footnote footnotes glossary widget appeal
			twittertweet tweet instagrammedia tiktokembed keypoints keyfacts keytakeaways takeaways tldr aisummary
			expandable accordion collapsible collapsable notification error hint`,
		isTeaser: `standfirst subtitle subhead subheadline subheading subline dek deck lead lede intro vorspann chapo teaser summary excerpt ingress einleitung bajada entradilla sumario sommario
			occhiello perex anons abstract untertitel unterzeile description preamble tagline strapline synopsis heading undertittel manchet manchete catenaccio abstractum kurzfassung`,
	} {
		for w := range strings.FieldsSeq(words) {
			m[w] |= k
		}
	}
	return m
})

// kindsOf reads the words of a class and id: "articleNewsletter-box" has
// article, newsletter and box, and each two neighbours as one. Short words are
// believed only between marks: ids are often letters at random.
func kindsOf(names string) kinds {
	words := kindWords()
	var k kinds
	last, start, hard := "", 0, true // hard: a mark stands before start
	end := func(i int, mark bool) {
		if i > start {
			w := strings.ToLower(names[start:i])
			if len(w) > 3 || hard && mark {
				k |= words[w]
			}
			k |= words[last+w]
			last = w
		}
		hard = mark
	}
	prev := ' '
	for i, r := range names {
		switch {
		case !unicode.IsLetter(r):
			end(i, r == ' ' || r == '-' || r == '_')
			start = i + utf8.RuneLen(r)
			if r == ' ' {
				last = ""
			}
		case unicode.IsUpper(r) && unicode.IsLower(prev):
			end(i, false)
			start = i
		}
		prev = r
	}
	end(len(names), true)
	return k
}

// within tells if an element, or one of the nearest around it, is called so.
func (e *elem) within(k kinds, levels int) bool {
	for ; e != nil && levels > 0; e, levels = e.up, levels-1 {
		if e.kinds&k != 0 {
			return true
		}
	}
	return false
}

func (e *elem) under(top *elem) bool {
	for ; e != nil; e = e.up {
		if e == top {
			return true
		}
	}
	return false
}

// weigh marks as furniture what stands in elements that are called captions
// or boxes, unless much of the page's sentences do: then the word means
// something else there. Elements of the same class weigh together. Elements
// come in the order of the page.
func weigh(elems []*elem, blocks []*block) {
	total, weight := 0, map[string]int{}
	for _, b := range blocks {
		for e := b.in; b.tag() == "h1" && e != nil; e = e.up {
			e.kinds &^= isCaption | isBox // the headline's place is no box
		}
		if !b.furniture && b.prose() {
			total += b.runes
			b.in.prose += b.runes
		}
	}
	for _, e := range slices.Backward(elems) {
		e.up.prose += e.prose
		if e.named() && !e.inner {
			weight[e.class] += e.prose
		}
	}
	const most, enough = 0.4, 1500
	for _, e := range elems {
		w := weight[e.class]
		e.box = e.up.box || e.named() && (float64(w) < most*float64(total) || total-w > enough && float64(w) < 2*most*float64(total))
	}
	for _, b := range blocks {
		b.furniture = b.furniture || b.in.box
	}
}

// named tells if an element is called a caption or a box.
func (e *elem) named() bool {
	return e.kinds&isCaption != 0 || e.kinds&(isBox|isTeaser) == isBox
}

// classed tells if an element, or one around it, has a class.
func (e *elem) classed(class string) bool {
	for ; e != nil; e = e.up {
		if e.class == class {
			return true
		}
	}
	return false
}
