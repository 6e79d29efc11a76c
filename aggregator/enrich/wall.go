package enrich

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// walls are what pages say that stand in an article's place, by kind.
var walls = sync.OnceValue(func() []wallKind {
	return []wallKind{
		{"a bot check stands before the page", regexp.MustCompile(`(?i)just a moment\W*$|attention required|checking (your browser|if the site connection)|verify(ing)? (that )?you are (a )?human|are you (a )?(robot|human)|captcha|access denied|pardon our interruption|ddos protection|security check|unusual traffic|sicherheitsüberprüfung|проверка браузера|人机验证|安全验证|verifikasi (bahwa )?anda (bukan|manusia)`)},
		{"a consent page stands before the article", regexp.MustCompile(`(?i)before you continue|bevor sie (fortfahren|weiterlesen)|avant de (continuer|poursuivre)|antes de continuar|prima di continuare|mit werbung weiterlesen|(accept|agree).{0,40}cookies|cookies? (zustimmen|akzeptieren)|(wir|we).{0,40}(cookies|einwilligung|consent)|accepter (et|les cookies)|aceptar (las )?cookies|accetta(re)? (i )?cookie|privacy (choices|settings|gate)|cookie consent|datenschutz-?einstellungen`)},
		{"the page needs JavaScript", regexp.MustCompile(`(?i)(enable|turn on|requires?|activate) (javascript|js)\b|javascript (is )?(disabled|required|not enabled)|javascript (aktivieren|ist deaktiviert)|activ(er|ez|ar|e) (le )?javascript|aktifkan javascript|включите javascript|javascript'?i etkinleştir|habilit[ae]r? (o )?javascript`)},
		{"the page does not exist", regexp.MustCompile(`(?i)^\W*(error |fehler )?(404|403|410|500|502|503)\s*($|[-–—|:!.]|(page|not|error|forbidden|internal|bad|service|gone|seite)\b)|page (not|cannot be|can't be) found|not found$|seite (wurde )?nicht gefunden|page (introuvable|non trouvée)|página no (encontrada|existe)|página não encontrada|pagina non trovata|halaman tidak ditemukan|страница не найдена|sayfa bulunamadı|ページが見つかりません|页面不存在|पृष्ठ नहीं मिला|internal server error|bad gateway|service (temporarily )?unavailable|temporarily unavailable|something went wrong`)},
		{"the article is for subscribers", regexp.MustCompile(`(?i)(subscribe|log in|sign in|register) to (continue|read|keep reading|unlock|access)|(this|the) (article|content|story) is (only )?(for|available to) (our )?(subscribers|members)|already a subscriber|for subscribers only|subscribers?[- ]only (article|content|story)|^\W*subscribers? only\W*$|weiterlesen mit|jetzt (abonnieren|weiterlesen)|nur für abonnenten|réservé (aux|à nos) abonnés|(solo|exclusivo) para suscriptores|riservato agli abbonati|exclusivo para assinantes|khusus pelanggan|berlangganan untuk|только для подписчиков|会員限定|有料会員|abonelere özel`)},
	}
})

type wallKind struct {
	note string
	re   *regexp.Regexp
}

// wall says what stands in the article's place, or nothing if the text is an
// article's: one of 300 words is, whatever it says (BEHAVIOUR S-08).
func wall(f *facts, body string, base *url.URL) string {
	host := base.Hostname()
	if strings.HasPrefix(host, "consent.") || strings.HasPrefix(host, "guce.") {
		return "a consent page stands before the article"
	}
	if f.ld.paywalled && utf8.RuneCountInString(body) < 200 {
		return "the article is for subscribers"
	}
	// A lead of some length that says such things in title or text only reports
	// on them: a wall says them in both, or again and again.
	const article, report, insists = 1800, 350, 3
	runes := utf8.RuneCountInString(body)
	if runes > article || len(strings.Fields(body)) > 300 {
		return ""
	}
	head := body
	if head == "" {
		head = f.visible
	}
	for _, w := range walls() {
		titled := w.re.MatchString(f.titleTag) || len(f.h1) > 0 && w.re.MatchString(f.h1[0])
		said := len(w.re.FindAllStringIndex(head, insists))
		if runes < report && (titled || said > 0) || titled && said > 0 && !f.ld.found || said == insists && !f.ld.found {
			return w.note
		}
	}
	return ""
}
