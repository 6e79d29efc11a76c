package enrich_test

import (
	"strings"
	"testing"

	"topicwire/aggregator"
	"topicwire/aggregator/enrich"
)

// What stands before articles, by what the note says of it.
var wallPages = map[string][]string{
	"bot check": {
		`<title>Just a moment...</title><h1>warta.example</h1><p>Checking your browser before accessing the site. This takes a few seconds.`,
		`<title>Attention Required! | Shield</title><h1>Sorry, you have been blocked</h1><p>You are unable to access warta.example. This website is using a security service to protect itself from online attacks.`,
		`<title>warta.example</title><p>Please verify you are a human by pressing and holding the button below. Reference number 10027.`,
		`<title>Access Denied</title><h1>Access Denied</h1><p>You don't have permission to access this page on this server. Reference #18.2d351ab8.`,
		`<title>Pardon Our Interruption</title><p>As you were browsing something about your browser made us think you were a bot. There are a few reasons this might happen.`,
		`<title>Sicherheitsüberprüfung</title><p>Einen Augenblick bitte. Wir prüfen, ob Sie ein Mensch sind. Das dauert nur wenige Sekunden.`,
		`<title>Проверка браузера</title><p>Подождите несколько секунд, мы проверяем ваш браузер перед переходом на сайт.`,
		`<title>安全验证</title><p>请完成安全验证后继续访问本网站。请拖动下方滑块完成拼图，以证明您不是机器人程序。`,
		`<title>Verifikasi</title><p>Verifikasi bahwa Anda bukan robot untuk melanjutkan ke halaman yang Anda tuju di situs ini.`,
	},
	"consent": {
		`<title>Before you continue</title><p>We and our partners use cookies to show you content. Accept all cookies to go on.`,
		`<title>Zustimmung</title><h1>Mit Werbung weiterlesen</h1><p>Besuchen Sie uns wie gewohnt mit Werbung und Tracking. Details zum Widerruf finden Sie im Impressum.`,
		`<title>Privacy Settings</title><p>Your privacy choices. This site stores information on your device, and so do the companies it works with.`,
		`<title>Info</title><p>Avant de continuer, nous avons besoin de votre accord pour déposer des traceurs sur votre téléphone et mesurer l'audience.`,
		`<title>Aviso</title><p>Antes de continuar, debes aceptar las cookies propias y de terceros que usamos para mostrarte publicidad.`,
		`<title>Hinweis</title><p>Bevor Sie weiterlesen: Bitte entscheiden Sie, ob Sie den Cookies zustimmen oder ein Abo abschließen möchten.`,
		`<title>Cookie consent</title><p>Choose which purposes you allow. You can change your mind at any time in the footer of the site.`,
		`<title>Avviso</title><p>Prima di continuare accetta i cookie nostri e dei nostri partner, oppure abbonati per navigare senza pubblicità.`,
	},
	"JavaScript": {
		`<title>News</title><noscript>Please enable JavaScript to view this page.</noscript>`,
		`<title>Warta</title><div id="root"></div><noscript>You need to enable JavaScript to run this app.</noscript>`,
		`<title>Nachrichten</title><p>Bitte JavaScript aktivieren, um diese Seite zu sehen. Ohne geht es leider nicht weiter.`,
		`<title>Actualités</title><noscript>Veuillez activer JavaScript pour afficher cette page.</noscript>`,
		`<title>Noticias</title><p>Para ver esta página debe habilitar JavaScript en su navegador y volver a cargarla.`,
		`<title>Haber</title><noscript>Bu sayfayı görmek için JavaScript'i etkinleştirin.</noscript>`,
		`<title>Новости</title><noscript>Включите JavaScript, чтобы увидеть эту страницу.</noscript>`,
		`<title>Berita</title><noscript>Aktifkan JavaScript di peramban Anda untuk membaca halaman ini.</noscript>`,
	},
	"does not exist": {
		`<title>404 - Seite nicht gefunden</title><p>Die Seite wurde nicht gefunden. Bitte nutzen Sie die Suche oder die Startseite.`,
		`<title>Halaman tidak ditemukan</title><p>Maaf, halaman yang Anda cari tidak ada lagi di situs kami sekarang ini.`,
		`<title>Page not found - Ledger</title><h1>Oh no!</h1><p>The page you were looking for has moved, or was never here at all. Try the front page.`,
		`<title>503 Service Temporarily Unavailable</title><h1>503 Service Temporarily Unavailable</h1>`,
		`<title>Page introuvable</title><p>La page que vous cherchez a été déplacée ou supprimée. Revenez à l'accueil du site.`,
		`<title>Sayfa bulunamadı</title><p>Aradığınız sayfa taşınmış ya da silinmiş olabilir. Ana sayfaya dönün.`,
		`<title>页面不存在</title><p>您访问的页面不存在或已被删除，请返回首页继续浏览其他新闻内容。`,
		`<title>502 Bad Gateway</title><h1>502 Bad Gateway</h1><hr>server`,
		`<title>Página no encontrada</title><p>La página que busca ya no está disponible, o nunca lo estuvo. Vuelva a la portada.`,
		`<title>Página não encontrada</title><p>A página que você procura não está disponível agora. Volte para a página inicial.`,
		`<title>Страница не найдена</title><p>К сожалению, такой страницы на нашем сайте нет. Вернитесь на главную и начните с неё.`,
		`<title>ページが見つかりません</title><p>お探しのページは移動または削除された可能性があります。トップページからお探しください。`,
	},
	"subscribers": {
		`<title>Bericht</title><p>Nur für Abonnenten. Jetzt abonnieren und diesen Artikel sofort weiterlesen, ein Monat kostenlos.`,
		`<title>Статья</title><p>Эта статья доступна только для подписчиков. Оформите подписку, чтобы читать дальше.`,
		`<title>Ships | Ledger</title><p>Subscribe to continue reading. Already a subscriber? Log in. Get a month of the Ledger for one dollar.`,
		`<title>Le port</title><p>Cet article est réservé à nos abonnés. Il vous reste la plus grande partie de l'article à découvrir.`,
		`<title>El puerto</title><p>Este contenido es exclusivo para suscriptores. Suscríbase desde un euro al mes y siga leyendo.`,
		`<title>O porto</title><p>Conteúdo exclusivo para assinantes. Assine por um real no primeiro mês e leia sem limites.`,
		`<title>Liman</title><p>Bu içerik abonelere özel. Abone olun ve bütün yazıları sınırsız okuyun.`,
		`<title>Il porto</title><p>Contenuto riservato agli abbonati. Scegli la tua offerta e continua a leggere su tutti i dispositivi.`,
		`<title>港</title><p>この記事は会員限定です。会員登録すると続きをお読みいただけます。月額プランは初月無料でお試しになれます。`,
		`<title>Pelabuhan</title><p>Konten ini khusus pelanggan. Berlangganan untuk membaca artikel selengkapnya tanpa iklan mulai hari ini.`,
	},
}

// TestWalls: BEHAVIOUR S-08.
func TestWalls(t *testing.T) {
	n := 0
	for _, pages := range wallPages {
		n += len(pages)
	}
	if n < 40 {
		t.Errorf("%d walls, want 40", n)
	}
	for word, pages := range wallPages {
		for _, page := range pages {
			a := enrich.Extract(enrich.Page{URL: "https://warta.example/a", Body: []byte("<html><body>" + page), Title: "The feed's title"})
			if a.Status != aggregator.ArticleWall || a.Text+a.Summary+a.ImageURL != "" || a.Title != "The feed's title" {
				t.Errorf("%s: status %s, title %q, text %q, summary %q, want a wall", page, a.Status, a.Title, a.Text, a.Summary)
			}
			if !strings.Contains(a.Note, word) {
				t.Errorf("%s: note %q, want it to say %q", page, a.Note, word)
			}
		}
	}
	a := enrich.Extract(enrich.Page{URL: "https://consent.warta.example/?to=a", Body: []byte(`<title>Warta</title><p>` + strings.Repeat("Wir und unsere Partner speichern Informationen. ", 20))})
	if a.Status != aggregator.ArticleWall {
		t.Errorf("a consent host: status %s, want a wall", a.Status)
	}
	// The wishes of a wall are not the article's.
	a = enrich.Extract(enrich.Page{Body: []byte(`<meta name=robots content="noindex, nosnippet">` + wallPages["consent"][0])})
	if a.Barred != "" || a.NoSnippet {
		t.Errorf("a wall's directives: barred %q, no snippet %v, want none", a.Barred, a.NoSnippet)
	}
}

// TestNoWalls: articles about walls are articles.
func TestNoWalls(t *testing.T) {
	for _, c := range []struct{ title, text string }{
		{"Court rules on cookie banners", "The court in Luxembourg ruled on Tuesday that sites may not make visitors accept all cookies before they read. The judges said that a choice must be free. Publishers had argued that advertising pays for their work. The ruling takes effect in May, and fines may reach two per cent of turnover. Consumer groups welcomed it, while an association of publishers said that it would study the text. Several sites have already changed their banners, and others are expected to follow in spring."},
		{"Subscriptions grow at the Ledger", "The Ledger said on Monday that it had passed a million subscribers. Its chief executive said that the growth came from readers abroad. Subscribers only pay a dollar in the first month, and half of them stay for a year. The paper plans to hire forty reporters, most of them in the south of the country. Shares rose by three per cent in early trading."},
		{"Neues Gesetz zu Cookies", "Der Bundestag hat am Donnerstag ein Gesetz zu Cookies beschlossen. Nutzer sollen künftig einmal zustimmen und nicht auf jeder Seite. Die Opposition kritisierte, dass die Verwaltung der Einwilligungen privaten Anbietern überlassen werde. Das Ministerium erklärte, die Dienste würden streng geprüft. In Kraft treten soll die Regelung im kommenden Jahr, sofern der Bundesrat zustimmt."},
		{"Researchers break the captcha", "Researchers at a university in the north have trained a model that solves picture puzzles as well as people do. They showed it fourteen thousand pictures of traffic lights and bridges. Puzzles that ask whether a visitor is human may soon be of no use, the group wrote in a paper on Friday. The companies that make them said that they look at more than the answer. The code was not published."},
		{"404 houses lost in the fire", "The fire in the hills destroyed 404 houses, the governor said on Sunday. Two hundred firemen were still at work in the evening. The road to the coast is closed, and the trains do not run. Nobody was killed, but eleven people were taken to hospital with burns or smoke in their lungs. Rain is expected on Tuesday."},
		{"Jembatan ditutup sementara", "Pemerintah kota menutup jembatan lama mulai Senin untuk perbaikan selama tiga bulan. Warga diminta memakai jalan lain lewat pasar. Wali kota mengatakan perbaikan itu sudah lama ditunggu. Biaya perbaikan mencapai dua miliar rupiah dan diambil dari anggaran tahun ini. Pedagang di sekitar jembatan berharap pekerjaan selesai sebelum hari raya tiba."},
		{"Портал перестал работать", "Портал государственных услуг перестал работать во вторник утром. Министерство сообщило, что причиной стала ошибка в настройке сети. Пользователи не могли войти на сайт около трёх часов. К полудню работа была восстановлена, данные граждан не пострадали. Министр поручил проверить все системы и доложить о результатах до конца недели."},
		{"Le quotidien change de formule", "Le quotidien régional change de formule à partir de lundi. Les articles seront plus courts et les photos plus grandes. La direction espère gagner vingt mille abonnés en deux ans. Les abonnés recevront une lettre chaque matin, préparée par la rédaction locale. Les syndicats regrettent que six postes soient supprimés à l'imprimerie, et demandent une rencontre avec l'éditeur."},
	} {
		body := `<html><head><title>` + c.title + ` - Ledger</title></head><body><article><h1>` + c.title + `</h1><p>` + strings.ReplaceAll(c.text, ". ", ".</p><p>") + `</p></article></body></html>`
		if a := enrich.Extract(enrich.Page{URL: "https://ledger.example/a", Body: []byte(body)}); a.Status != aggregator.ArticleRead {
			t.Errorf("%s: %s %s", c.title, a.Status, a.Note)
		}
	}
}
