package enrich_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"topicwire/aggregator"
	"topicwire/aggregator/enrich"

	"golang.org/x/net/html/charset"
)

func TestSelector(t *testing.T) {
	page := `<html lang="en"><title>Harbour opens</title><body><div class="lead"><p>The harbour opened on Monday after ten years of work, the mayor said.</p></div>
<div id="story"><p>Ships came in from the north and the south, and a band played on the quay.</p><p>Two hundred people stood in the rain to watch the first of them come in.</p></div>
<div class="more"><p>Another story stands here, about a cake that was baked for the fair last week.</p></div></body></html>`
	for _, c := range []struct{ selector, has, not string }{
		{"#story", "a band played", "Another story"},
		{"#story p:first-child", "a band played", "in the rain"},
		{"div.more", "a cake", "a band played"},
		{".lead, #story", "the mayor said", "a cake"},
		{"#missing", "a band played", ""}, // finds nothing: as without
		{":::", "a band played", ""},      // is none: as without
	} {
		a := enrich.Extract(enrich.Page{URL: "https://warta.example/a", Body: []byte(page), Selector: c.selector})
		if a.Status != aggregator.ArticleRead || !strings.Contains(a.Text, c.has) || c.not != "" && strings.Contains(a.Text, c.not) {
			t.Errorf("selector %q: %s %q, want %q and not %q", c.selector, a.Status, a.Text, c.has, c.not)
		}
	}
}

func TestWanted(t *testing.T) {
	long := strings.Repeat("A sentence of words. ", 30)
	for _, c := range []struct {
		mode             aggregator.EnrichMode
		summary, content string
		truth            aggregator.Truth
		positive, want   bool
	}{
		{aggregator.EnrichNever, "", "", aggregator.Unknown, true, false},
		{aggregator.EnrichAlways, long, long, aggregator.False, false, true},
		{aggregator.EnrichAuto, "Short.", "", aggregator.Unknown, true, true},
		{aggregator.EnrichAuto, "Short.", "", aggregator.True, true, true}, // for its text and picture
		{aggregator.EnrichAuto, "Short.", "", aggregator.Unknown, false, false},
		{aggregator.EnrichAuto, "Short.", "", aggregator.False, true, false},
		{aggregator.EnrichAuto, long, "", aggregator.Unknown, true, false},
		{aggregator.EnrichAuto, "Short.", "<p>" + long + "</p>", aggregator.Unknown, true, false},
		{aggregator.EnrichAuto, "Short.", strings.Repeat(`<img src="x.jpg">`, 100), aggregator.Unknown, true, true},
	} {
		it := &aggregator.Item{Summary: c.summary, Content: c.content}
		if got := enrich.Wanted(c.mode, it, c.truth, c.positive); got != c.want {
			t.Errorf("Wanted(%s, summary of %d, content of %d, %s, positive %v) = %v, want %v", c.mode, len(c.summary), len(c.content), c.truth, c.positive, got, c.want)
		}
	}
}

// TestCharsets: seven scripts, their charset named rightly, not at all, and wrongly.
func TestCharsets(t *testing.T) {
	for _, c := range []struct{ charset, text string }{
		{"windows-1251", "Министр иностранных дел заявил, что переговоры о строительстве порта будут продолжены в следующем году."},
		{"koi8-r", "Министр иностранных дел заявил, что переговоры о строительстве порта будут продолжены в следующем году."},
		{"shift_jis", "外務大臣は火曜日の記者会見で、港の建設に関する交渉を来年も続けると述べた。市民は計画を歓迎している。"},
		{"gb18030", "外交部长星期二在记者会上表示，关于港口建设的谈判明年将继续进行，市民对这一计划表示欢迎，认为有利于就业。"},
		{"euc-kr", "외교부 장관은 화요일 기자회견에서 항구 건설에 관한 협상을 내년에도 계속하겠다고 밝혔다. 시민들은 계획을 환영했다."},
		{"iso-8859-7", "Ο υπουργός Εξωτερικών δήλωσε ότι οι συνομιλίες για την κατασκευή του λιμανιού θα συνεχιστούν το επόμενο έτος."},
		{"windows-1256", "قال وزير الخارجية إن المحادثات حول بناء الميناء سوف تستمر في العام المقبل وإن السكان يرحبون بهذه الخطة الجديدة."},
		{"windows-1252", "Der Außenminister sagte am Dienstag, die Gespräche über den Bau des Hafens würden im nächsten Jahr fortgeführt."},
	} {
		enc, _ := charset.Lookup(c.charset)
		raw, err := enc.NewEncoder().String("<p>" + c.text + "<p>" + c.text + " 2. " + c.text)
		if err != nil {
			t.Fatal(err)
		}
		for _, label := range []string{c.charset, "", "utf-8", "iso-8859-1"} {
			for where, p := range map[string]enrich.Page{
				"meta":   {Body: []byte(`<html><head><meta charset="` + label + `"></head><body>` + raw)},
				"header": {Body: []byte("<html><body>" + raw), Header: http.Header{"Content-Type": {"text/html; charset=" + label}}},
			} {
				if a := enrich.Extract(p); !strings.Contains(a.Text, c.text) {
					t.Errorf("%s called %q in the %s: %.120q", c.charset, label, where, a.Text)
				}
			}
		}
	}
}

func TestUTF8UnderAnyLabel(t *testing.T) {
	const text = "Die Brücke über den Fluß wurde am Dienstag nach zwölf Jahren wieder für den Verkehr geöffnet, sagte der Bürgermeister."
	for _, label := range []string{"utf-8", "", "iso-8859-1", "windows-1251", "gb2312", "no-such"} {
		for _, mark := range []string{"", "\ufeff"} {
			a := enrich.Extract(enrich.Page{Body: []byte(mark + `<html><head><meta charset="` + label + `"></head><body><p>` + text + "</p></body></html>")})
			if !strings.Contains(a.Text, text) {
				t.Errorf("UTF-8 called %q, mark %q: %q", label, mark, a.Text)
			}
		}
	}
}

// TestMaxSnippet: a page may say how much of it is quoted.
func TestMaxSnippet(t *testing.T) {
	for _, c := range []struct {
		n    int
		want bool // a summary
	}{{-1, true}, {0, false}, {20, false}, {110, true}, {150, true}, {5000, true}} {
		body := strings.Replace(string(founding(t)), "<head>", fmt.Sprintf(`<head><meta name="robots" content="max-snippet:%d">`, c.n), 1)
		a := enrich.Extract(enrich.Page{URL: "https://warta.example/a", Body: []byte(body)})
		n := utf8.RuneCountInString(a.Summary)
		if a.Status != aggregator.ArticleRead || (n > 0) != c.want || c.n >= 0 && n > c.n || n > enrich.SummaryLength {
			t.Errorf("max-snippet:%d: %s, summary of %d characters %q, want one: %v", c.n, a.Status, n, a.Summary, c.want)
		}
	}
	// What a page marks as not to be quoted is not read at all.
	body := strings.Replace(string(founding(t)), "<p", "<p data-nosnippet", 1)
	if a := enrich.Extract(enrich.Page{Body: []byte(body)}); a.Text == enrich.Extract(enrich.Page{Body: founding(t)}).Text {
		t.Error("data-nosnippet was read")
	}
}

func TestSummarize(t *testing.T) {
	const lead = "The harbour of the old town was opened again on Monday after ten years. Ships from the north came in first. The mayor said that more would follow. A fourth sentence says no more."
	for _, c := range []struct {
		name, title, feed, lang, text, want string
	}{
		{"the feed's is good", "Harbour opens", "The harbour of the old town was opened again on Monday after ten years.", "en", lead, "The harbour of the old town was opened again on Monday after ten years."},
		{"three sentences at most", "Harbour opens", "", "en", lead, "The harbour of the old town was opened again on Monday after ten years. Ships from the north came in first. The mayor said that more would follow."},
		{"cut off in the feed", "Harbour opens", "The harbour of the old town was opened again on Monday after ten years. Ships from the no…", "en", lead, "The harbour of the old town was opened again on Monday after ten years."},
		{"the title again", "Harbour opens", "Harbour opens", "en", "The harbour of the old town was opened again on Monday after ten years.", "The harbour of the old town was opened again on Monday after ten years."},
		{"about something else", "Harbour opens", "All the news of the day, every day, from every corner of the world, for you.", "en", "The harbour of the old town was opened again on Monday after ten years.", "The harbour of the old town was opened again on Monday after ten years."},
		{"a dateline", "Harbour opens", "", "en", "MOSCOW (Reuters) - The harbour of the old town was opened again on Monday after ten years.", "The harbour of the old town was opened again on Monday after ten years."},
		{"read more", "Harbour opens", "The harbour of the old town was opened again on Monday after ten years. Read more", "en", lead, "The harbour of the old town was opened again on Monday after ten years."},
		{"abbreviations", "Besuch", "", "de", "Am 3. Mai traf Dr. Meier den Bürgermeister der Stadt z. B. im Rathaus. Danach fuhr er nach Berlin weiter.", "Am 3. Mai traf Dr. Meier den Bürgermeister der Stadt z. B. im Rathaus. Danach fuhr er nach Berlin weiter."},
		{"danda", "बंदरगाह", "", "hi", "शहर का पुराना बंदरगाह दस साल बाद सोमवार को फिर से खोल दिया गया। महापौर ने कहा कि और जहाज़ आएंगे।", "शहर का पुराना बंदरगाह दस साल बाद सोमवार को फिर से खोल दिया गया। महापौर ने कहा कि और जहाज़ आएंगे।"},
		{"no spaces", "港", "", "ja", "旧市街の港が十年ぶりに月曜日に再開されたと市長が発表した。北からの船が最初に入港した。", "旧市街の港が十年ぶりに月曜日に再開されたと市長が発表した。北からの船が最初に入港した。"},
		{"Arabic question", "الميناء", "", "ar", "هل يعود الميناء القديم إلى العمل بعد عشر سنوات من الإغلاق؟ قال رئيس البلدية إن السفن ستصل قريبا.", "هل يعود الميناء القديم إلى العمل بعد عشر سنوات من الإغلاق؟ قال رئيس البلدية إن السفن ستصل قريبا."},
		{"also read", "Pelabuhan", "", "id", "Baca juga: Rusia dan India\nPelabuhan lama di kota itu dibuka lagi untuk kapal kayu setelah sepuluh tahun.", "Pelabuhan lama di kota itu dibuka lagi untuk kapal kayu setelah sepuluh tahun."},
		{"markup", "Harbour opens", "<p>The harbour of the <b>old town</b> was opened again on Monday after ten years.</p>", "en", "", "The harbour of the old town was opened again on Monday after ten years."},
		{"nothing", "Harbour opens", "", "en", "", ""},
	} {
		if got := enrich.Summarize(c.title, c.feed, &aggregator.Article{Text: c.text, Language: c.lang}, enrich.SummaryLength); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
	if got := enrich.Summarize("T", "The harbour of the old town was opened again on Monday after ten years.", nil, 300); got == "" {
		t.Error("without an article the feed's summary was lost")
	}
}
