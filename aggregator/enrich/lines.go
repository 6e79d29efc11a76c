package enrich

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// alsoRead opens a line that leads to another article.
var alsoRead = sync.OnceValue(func() *phraseList {
	return phrases(
		`^baca juga|^baca selengkapnya|^baca lagi|^baca pula|^simak juga|^simak pula|^lihat juga|^tonton juga|^artikel terkait|^berita terkait|^pilihan editor|^jangan lewatkan`,
		`^read more|^read also|^read next|^read the full|^also read|^see also|^more on this|^related$|^related article~|^related stor~|^related news|^related content|^related topic~|^related:|^more from|^more stories|^recommended$|^recommended stor~|^recommended for you|^recommended reading|^you may also like|^watch more|^watch:|^watch now|^listen:|^don't miss|^don’t miss|^trending$|^trending now|^most read|^most popular|^editor's pick~|^editors' pick~|^editor’s pick~|^learn more|^in case you missed|^up next|^sign up`,
		`^lesen sie auch|^lesen sie hier|^lesen sie mehr|^lesen sie dazu|^mehr dazu lesen|^lest auch|^lies auch|^auch interessant|^auch spannend|^mehr zum thema|^mehr dazu|^mehr lesen|^mehr nachrichten|^mehr aus|^weiterlesen|^das könnte sie auch interessieren|^das könnte dich auch interessieren|^zum thema$|^passend dazu|^mehr:|^siehe auch|^empfohlen$|^zum artikel|^hier geht's|^hier geht’s|^mehr news|^themen in diesem`,
		`^lire aussi|^lire également|^lire la suite|^à lire|^voir aussi|^sur le même sujet|^sur le même thème|^à découvrir|^aller plus loin`,
		`^lea también|^lee también|^leer también|^leer más|^te puede interesar|^más información|^más noticias|^ver también|^noticias relacionadas|^relacionadas$|^relacionados$|^leia também|^leia mais|^veja também|^saiba mais|^leggi anche|^leggi tutto|^ti potrebbe interessare|^approfondisci|^per approfondire`,
		`^lees ook|^lees meer|^lees verder|^läs också|^läs mer|^läs även|^les også|^les mer|^les saken|^læs også|^læs mere|^lue myös|^lue lisää|^czytaj też|^czytaj także|^czytaj również|^czytaj więcej|^zobacz też|^zobacz także|^zobacz również|^przeczytaj też|^przeczytaj także`,
		`^čtěte také|^čtěte též|^přečtěte si|^citeşte şi|^citește și|^olvasd el|^διαβάστε επίσης|^διαβάστε ακόμη|^читайте также|^читайте ещё|^читайте еще|^читать также|^читать далее|^смотрите также|^по теме|^читайте також|^ayrıca oku~|^ayrıca bak~|^ilgili haber~|^bunlar da ilginizi|^đọc thêm|^xem thêm|^tin liên quan|^อ่านเพิ่มเติม|^อ่านต่อ|^soma pia|^soma zaidi|^lestu líka|^lestu meira|^lesa meira|^skaitykite taip pat|^skaitykite daugiau|^funda olunye|^funda futhi`,
		`^यह भी पढ़ें|^ये भी पढ़ें|^इसे भी पढ़ें|^और पढ़ें|^اقرأ أيضا|^اقرأ أيضًا|^اقرأ المزيد|^إقرأ أيضا|^بیشتر بخوانید|^یہ بھی پڑھیں|^আরও পড়ুন|^関連記事|^関連ニュース|^関連リンク|^あわせて読みたい|^【関連】|^相关阅读|^相关新闻|^相关报道|^延伸阅读|^推荐阅读|^更多阅读|^更多新闻|^관련 기사|^관련기사|^관련 뉴스|^관련뉴스|^함께 보면`,
	)
})

// promotion is what asks the reader to do something, or speaks of the page.
var promotion = sync.OnceValue(func() *phraseList {
	return phrases(
		`whatsapp channel|whatsapp-channel|whatsapp kanal|whatsapp-kanal|whatsapp group|whatsapp.com/channel|google news dan|google news and|google news und|google news et|follow us on|find us on|join us on|follow * on twitter|follow * on x$|follow * on facebook|follow * on instagram|follow * on google news|follow * on whatsapp|follow * on telegram`,
		`sign up * newsletter|sign up * inbox|sign up * alerts|sign up * briefing|subscribe to * newsletter|subscribe now|subscribe today|subscribe to our|^click here|^tap here|download * app$|download our app|junk folder|will soon be in your inbox|issue signing you up|sign in or create an account|registering for free|^create an account|^already have an account|affiliate commission|may earn * commission|independently selected|^support local journalism|^share this story|^share your thoughts|your favourite authors|with one account|print edition|^sign in|^log in`,
		`newsletter abonnieren|newsletter bestellen|newsletter anmeld~|zum newsletter|newsletter informiert|externen inhalt~|externe inhalte|externer inhalt|external content|redaktionell empfohlener|datenschutzerklärung|datenschutzrichtlinie|personenbezogene daten|affiliate-link~|alle rechte vorbehalten|folgen sie uns|folgen sie dem|jetzt abonnieren|jetzt testen|jetzt registrieren|jetzt anmelden|hat ihnen dieser artikel|fehler gefunden|unterstützen sie uns|e-paper|news-app|push-nachrichten|externer inhalt~|redaktioneller inhalt`,
		`unduh *aplikasi|instal *aplikasi|install *aplikasi|ikuti kami|ikuti berita|ikuti saluran|ikuti kanal|dapatkan update|dapatkan berita|simak breaking news|baca berita tanpa iklan|^gabung *+|login untuk|bergabung * telegram|bergabung * whatsapp|bergabung * grup`,
		`abonnez-vous|inscrivez-vous * newsletter|réservée aux abonnés|de cet article à lire|suscríbete|suscríbase|síguenos|iscriviti alla|seguici su|inscreva-se|siga * whatsapp|siga * instagram|siga * facebook|подпишитесь|подписывайтесь|подписаться на|takip edin|abone ol~|prenumerera på|abonner på|zapisz się do|zapisz się na|nyhetsbrev~`,
		`^all rights reserved|^copyright|^©|alle rechte|^advertisement$|^anzeige$|^iklan$|^werbung$|^publicité$|^publicidad$|^annons$|^annonse$|^реклама$|^広告$|^광고$|^reklam$|^scroll to continue|^scroll untuk|continue reading|^story continues|^article continues|^share$|^bagikan|^teilen$|^partager$|^compartir$|^condividi$|^поделиться`,
		`we've sent you|we have sent you|thank you for your registration|thank you for subscribing|thank you for registering|accept all cookies|accept cookies|enable cookies|allow cookies|use cookies|website uses cookies|terms of use|無断転載|無断複製|会員限定|会員登録|会員向け|定期購読者|무단 전재|무단전재|저작권자|기사입니다. 변경`,
	)
})

// signature opens a line that says who worked on the article, or ends it.
var signature = sync.OnceValue(func() *phraseList {
	return phrases(
		`^with files from|^additional reporting|^reporting by|^edited by|^editing by|^about the author~|^author of the article|^follow the author|^with reporting from|contributed to this report|contributed to this story|contributed reporting|^our standards:|^compiled by|^written by|^photo:|^read our|^the associated press`,
		`^redaktion:|^mit material von|^mit informationen der|^mit agenturmaterial|^übersetzung:|^über den autor|^über die autorin|^zur person|^quelle:|^quellen:|^quelle$|^quellen$|^mit dpa|^aus dem archiv|^faktencheck:|dies ist eine maschinelle übersetzung|originalartikel auf englisch`,
		`^editor:|^penulis:|^sumber:|^laporan wartawan|^fuente:|^redacción|^source :|^avec l'afp|^avec afp|^fonte:|^редактор:|^источник:|^kaynak:|^muhabir:|^źródło:|^źródła|^källa:|^kilde:|^bron:`,
	)
})

// caption is what stands under a picture: whose it is.
var caption = sync.OnceValue(func() *phraseList {
	return phrases(
		`getty images|getty image|ap photo|via getty|via ap$|via reuters|imago/|imago images|picture alliance|picture-alliance|bildrechte:|bildquelle:|^bild:|^foto:|^fotos:|^photo by|^photo:|^image:|^photograph:|^illustration:|^credit:|^grafik:|^symbolbild|(symbolbild)|(archivbild)|(archiv)$|file photo|file photograph|handout via|/dpa$|/dpa-|/afp$|/reuters$|/epa$|/ap$|(afp /~|(ap /~|afp via|reuters/~|/keystone|bild: keystone|/shutterstock|/imago|/unsplash|shutterstock.com|— picture by|picture:|(image:~|(bild:~|(pic:~|(photo:~|(imagen:~|(foto:~|(photo :~|pic:|foto : |(foto:~|(foto/~|dok.~antara foto|antara foto/`,
		`사진=|사진 =|사진제공|사진 제공|연합뉴스$|뉴시스$|뉴스1$|기자$|제공$|代表撮影|写真：|撮影$|＝撮影|（写真|共同$|図片|图片来源|图源|摄$|图为|фото:|фото :|© |©~`,
	)
})

// junk opens, or is, a label, date or count that stands alone.
var junk = sync.OnceValue(func() *phraseList {
	return phrases(
		`^updated|^last updated|^published|^posted|^modified|^first published|^aktualisiert|^stand:|^veröffentlicht|^diterbitkan|^publié|^publicado|^actualizado|^oppdatert|^publisert|^uppdaterad|^publicerad|^opdateret|^publiceret|^опубликовано|^обновлено|^güncelleme|^yayınlanma|^입력|^수정|^更新|^公開`,
		`^photo$|^foto$|^image$|^bild$|^video$|^audio$|^inhalt$|^source$|^sumber$|^credit$|^komentar$|^comments$|^comment$|^kommentare$|^commentaires$|^tags$|^tag$|^topics$|^themen$|^topik$|^editor$|^penulis$|^author$|^lihat foto|^close ads|^close$|^print$|^drucken$|^e-mail$|^email$|^facebook$|^twitter$|^whatsapp$|^telegram$|^copy link|^salin tautan|^more$|^mehr$|^weiter$|^or$|^afp$|^dpa$|^reuters$|^ap$|^ansa$|^specs$|^table of contents|^duration|^laufzeit|^redakteur$|^redakteurin$|^kort fortalt|^von$|^by$|^gambar|^video:|^bild:|^quelle`,
	)
})

var datelike = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(19|20)\d{2}\b.{0,20}\d{1,2}[:.h]\d{2}|\d{1,2}[:.]\d{2}\s*(uhr|wib|ist|gmt|utc|am|pm)\b|\d{1,2}[./-]\d{1,2}[./-](19|20)\d{2}|^\W*\d+ (min(ute)?s?|minuten|menit|mins?|days?|hours?)( read| lesezeit| baca| ago)?\W*$|^\W*\d{1,2}[:.]\d{2}\b`)
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
