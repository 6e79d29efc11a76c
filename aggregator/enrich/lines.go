package enrich

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// alsoRead opens a line that leads to another article.
var alsoRead = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^[\W_]*(?:` + strings.Join([]string{
		`baca (juga|selengkapnya|lagi|pula)`, `simak (juga|pula)`, `lihat (juga|pula)`, `tonton (juga|:)`, `artikel terkait`, `berita terkait`, `pilihan editor`,
		`read (more|also|next|the full)`, `also read`, `see also`, `more on this`, `related( articles?| stor(y|ies)| news| content| topics?)?\s*:?$`, `related:`, `more from`, `more stories`, `recommended( stories| for you| reading)?`, `you may also like`, `watch( more|:| now)`, `listen:`, `don'?t miss`, `trending( now)?:?$`, `most (read|popular)`, `editor'?s picks?`,
		`lesen sie (auch|mehr|hier)`, `lies auch`, `auch interessant`, `mehr (zum thema|dazu|lesen|nachrichten|aus)`, `weiterlesen`, `das könnte (sie|dich) auch interessieren`, `zum thema:?$`, `passend dazu`, `mehr:`, `siehe auch`, `empfohlen`,
		`lire (aussi|également|la suite)`, `à lire`, `voir aussi`, `sur le même (sujet|thème)`,
		`lee? también`, `leer (también|más)`, `te puede interesar`, `más (información|noticias)`, `ver también`, `noticias relacionadas`, `relacionad[oa]s?:?$`,
		`leia (também|mais)`, `veja também`, `saiba mais`, `leggi anche`, `ti potrebbe interessare`, `approfondisci`, `per approfondire`,
		`lees (ook|meer|verder)`, `läs (också|mer|även)`, `les (også|mer|saken)`, `læs (også|mere)`, `lue (myös|lisää)`, `czytaj (też|także|również|więcej)`, `zobacz (też|także|również)`, `przeczytaj (też|także)`,
		`čtěte (také|též)`, `přečtěte si`, `citeşte şi`, `citește și`, `olvasd el`, `διαβάστε (επίσης|ακόμη)`, `читайте (также|ещё|еще)`, `читать (также|далее)`, `смотрите также`, `по теме:?`, `читайте також`, `ayrıca (oku|bak)`, `ilgili haber(ler)?`, `bunlar da ilginizi`, `đọc thêm`, `xem thêm`, `tin liên quan`, `อ่าน(เพิ่มเติม|ต่อ)`, `soma (pia|zaidi)`, `lestu (líka|meira)`, `lesa meira`, `skaitykite (taip pat|daugiau)`,
		`यह भी पढ़ें`, `ये भी पढ़ें`, `इसे भी पढ़ें`, `और पढ़ें`, `اقرأ (أيضا|أيضًا|المزيد)`, `إقرأ أيضا`, `بیشتر بخوانید`, `یہ بھی پڑھیں`, `আরও পড়ুন`, `関連(記事|ニュース|リンク)`, `あわせて読みたい`, `【関連】`, `相关(阅读|新闻|报道)`, `延伸阅读`, `推荐阅读`, `更多(阅读|新闻)`, `관련\s*(기사|뉴스)`, `함께 보면`,
	}, "|") + `)`)
})

// promotion is what asks the reader to do something.
var promotion = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)` + strings.Join([]string{
		`whatsapp[- ]?(channel|kanal|group)`, `whatsapp\.com/channel`, `google news (dan|and|und|et)`, `(follow|find|join) us on`, `follow .{0,40} on (twitter|x|facebook|instagram|google news|whatsapp|telegram)`,
		`(sign|subscribe).{0,12} (up|to|for) .{0,60}(newsletter|inbox|alerts|briefing)`, `subscribe (now|today|to (our|the))`, `newsletter (abonnieren|bestellen|anmeld)`, `^(click|tap) here`, `download (the|our) .{0,20}app`, `(install|unduh|instal) .{0,30}aplikasi`,
		`ikuti (kami|berita|saluran|kanal)`, `dapatkan (update|berita)`, `simak breaking news`, `baca berita tanpa iklan`, `gabung .{0,20}\+`, `login untuk`, `bergabung .{0,30}(telegram|whatsapp|grup)`,
		`abonnez-vous`, `inscrivez-vous .{0,40}newsletter`, `suscríbe(te|se)`, `síguenos`, `iscriviti alla`, `seguici su`, `inscreva-se`, `siga .{0,30}(whatsapp|instagram|facebook)`, `подпи(шитесь|сывайтесь)`, `подписаться на`, `takip edin`, `abone ol`,
		`folgen sie (uns|dem)`, `jetzt (abonnieren|testen|registrieren|anmelden)`, `prenumerera på`, `abonner på`, `zapisz się (do|na)`,
		`^(all rights reserved|copyright|©|\(c\) ?20)`, `alle rechte vorbehalten`, `^(advertisement|anzeige|iklan|werbung|publicité|publicidad|annons|annonse|реклама|広告|광고|reklam)\W*$`, `^scroll (to continue|untuk)`, `continue reading`, `^(share|bagikan|teilen|partager|compartir|condividi|поделиться)\b.{0,40}$`,
		`we('| ha)ve sent you`, `thank you for (your|subscribing|registering)`, `(accept|enable|allow) (all )?cookies`, `external content|externer inhalt|redaktionell empfohlener`, `무단\s*전재`, `저작권자`, `無断(転載|複製)`,
	}, "|"))
})

// junkLine is a label, date or count that stands alone.
var junkLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\W*(\d{1,2}[:.]\d{2}|(last )?updated?\b.{0,40}|published\b.{0,40}|(posted|modified|aktualisiert|stand|diterbitkan|publié|publicado|oppdatert|uppdaterad|opdateret)\b.{0,50}|\d+ (min(ute)?s?|minuten|menit|mins?)( read| lesezeit| baca)?|(photo|foto|image|bild|quelle|source|sumber|credit|getty images)\b ?[:/©].{0,100}|(komentar|comments?|kommentare|commentaires|tags?|topics?|themen|topik|editor|penulis|author|lihat foto|close ads?|print|drucken|e-?mail|facebook|twitter|copy link|salin tautan|more|mehr|weiter)\W*)$`)
})

var datelike = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(19|20)\d{2}\b.{0,20}\d{1,2}[:.h]\d{2}|\d{1,2}[:.]\d{2}\s*(uhr|wib|ist|gmt|utc|am|pm)\b|\d{1,2}[./-]\d{1,2}[./-](19|20)\d{2}`)
})

// dateline opens an agency report: "MOSKWA, KOMPAS.com - ".
var dateline = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + strings.Join([]string{
		`\p{Lu}[\p{Lu}\p{M} .,'’/-]{2,40}(?:,? ?\(?[\p{L}\d.]{2,20}\.(?:com|co\.id|id|net|org|ru|in)\)?| ?\([^()]{2,30}\))? ?[-–—:]{1,2} `,
		`\p{Lu}[\p{L}\p{M} .,'’-]{2,40} ?\((?:AP|AFP|Reuters|REUTERS|dpa|EFE|ANSA|ANTARA|Antara|PTI|ANI|IANS|CNN|UPI|TASS|Xinhua|KI|dpa/[a-z]+)\) ?[-–—:.]{1,2} `,
		`[\p{L}\d]{2,20}\.(?:com|co\.id|id|net) ?[-–—,] `,
	}, "|") + `)`)
})

// cutDateline removes an agency's opening, if enough remains.
func cutDateline(s string) string {
	loc := dateline().FindStringIndex(s)
	if loc == nil || len(s)-loc[1] < 30 {
		return s
	}
	return s[loc[1]:]
}

var moreTail = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\s*[-–—|.…\[(]*\s*(halaman all|halaman \d|baca selengkapnya|selengkapnya|simak selengkapnya( di sini)?|read more|continue reading|weiterlesen|mehr lesen|lire la suite|leer más|leggi tutto|читать далее|subscribe now)\s*[\])»>….]*\s*$`)
})

// cutMore removes an invitation to read on from the end.
func cutMore(s string) string {
	if loc := moreTail().FindStringIndex(s); loc != nil && loc[0] > 0 {
		return strings.TrimSpace(s[:loc[0]]) + endMarkAt(s, loc[0])
	}
	return s
}

// endMarkAt returns the full stop that moreTail swallowed.
func endMarkAt(s string, at int) string {
	if strings.HasPrefix(strings.TrimSpace(s[at:]), ".") && !strings.HasPrefix(strings.TrimSpace(s[at:]), "..") {
		return "."
	}
	return ""
}

// ended tells if a line ends as a sentence does.
func ended(s string) bool {
	s = strings.TrimRight(s, `"'”’»)]』」`+" ")
	r, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune(".!?。！？।॥؟۔።…:", r)
}
