package enrich

import (
	"encoding/json"
	"slices"
	"strings"
)

// linked is what a page's JSON-LD says about its article.
type linked struct {
	headline, description, body, image string
	published, modified, language      string
	publisher                          string
	authors                            []string
	paywalled, found                   bool
}

// read takes over what a script says, the first article winning. JSON of
// more than 1 MiB, or that does not parse, says nothing: encoding/json bounds
// the nesting.
func (l *linked) read(script string) {
	if len(script) > 1<<20 {
		return
	}
	script = strings.TrimSpace(script)
	script = strings.TrimSuffix(strings.TrimPrefix(script, "<!--"), "-->")
	var v any
	if json.Unmarshal([]byte(script), &v) != nil {
		// Raw line breaks in strings are a common fault.
		if json.Unmarshal([]byte(strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(script)), &v) != nil {
			return
		}
	}
	l.visit(v, 0)
}

func (l *linked) visit(v any, depth int) {
	if depth > 6 || l.found {
		return
	}
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			l.visit(e, depth+1)
		}
	case map[string]any:
		if isArticleType(x["@type"]) {
			l.article(x)
			return
		}
		for _, k := range []string{"@graph", "mainEntity", "mainEntityOfPage"} {
			l.visit(x[k], depth+1)
		}
	}
}

func isArticleType(v any) bool {
	switch x := v.(type) {
	case string:
		return strings.HasSuffix(x, "Article") || x == "BlogPosting" || x == "LiveBlogPosting" || x == "Report" || strings.HasSuffix(x, "/NewsArticle")
	case []any:
		return slices.ContainsFunc(x, isArticleType)
	}
	return false
}

func (l *linked) article(m map[string]any) {
	l.found = true
	l.headline = str(m["headline"])
	if l.headline == "" {
		l.headline = str(m["name"])
	}
	l.description, l.body = str(m["description"]), str(m["articleBody"])
	l.published, l.modified, l.language = str(m["datePublished"]), str(m["dateModified"]), str(m["inLanguage"])
	l.publisher = named(m["publisher"])
	l.image = imageURL(m["image"])
	l.authors = names(m["author"])
	if len(l.authors) == 0 {
		l.authors = names(m["creator"])
	}
	switch free := m["isAccessibleForFree"].(type) {
	case bool:
		l.paywalled = !free
	case string:
		l.paywalled = strings.EqualFold(free, "false")
	}
}

func str(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case []any:
		if len(x) > 0 {
			return str(x[0])
		}
	case map[string]any:
		if s, ok := x["@value"].(string); ok {
			return s
		}
		return named(x)
	}
	return ""
}

func named(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case []any:
		if len(x) > 0 {
			return named(x[0])
		}
	case map[string]any:
		if s, ok := x["name"].(string); ok {
			return s
		}
	}
	return ""
}

func names(v any) []string {
	if list, ok := v.([]any); ok {
		var out []string
		for _, e := range list {
			if s := named(e); s != "" && len(out) < 20 {
				out = append(out, s)
			}
		}
		return out
	}
	if m, ok := v.(map[string]any); ok {
		if list, ok := m["name"].([]any); ok {
			return names(list)
		}
	}
	if s := named(v); s != "" {
		return []string{s}
	}
	return nil
}

func imageURL(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case []any:
		if len(x) > 0 {
			return imageURL(x[0])
		}
	case map[string]any:
		if s := str(x["url"]); s != "" {
			return s
		}
		return str(x["contentUrl"])
	}
	return ""
}
