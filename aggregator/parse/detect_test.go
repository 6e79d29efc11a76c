package parse

import (
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// TestDetect reads documents that do not say how they are encoded.
func TestDetect(t *testing.T) {
	for _, c := range []struct {
		name string
		enc  encoding.Encoding
		text string
	}{
		{"euc-jp", japanese.EUCJP, "日本政府は月曜日、新しい経済政策について発表しました。首相は記者会見で説明する予定です。"},
		{"shift_jis", japanese.ShiftJIS, "日本政府は月曜日、新しい経済政策について発表しました。首相は記者会見で説明する予定です。"},
		{"euc-kr", korean.EUCKR, "정부는 월요일 새로운 경제 정책을 발표했다. 총리는 기자회견에서 자세히 설명할 예정이다."},
		{"gb2312", simplifiedchinese.GBK, "政府星期一宣布了新的经济政策。总理说，这是为了人民的生活，将在记者会上对此作出说明。"},
		{"big5", traditionalchinese.Big5, "政府星期一宣布了新的經濟政策。總理說，這是為了人民的生活，將在記者會上對此作出說明。"},
		{"koi8-r", charmap.KOI8R, "Правительство объявило в понедельник о новой экономической политике, сообщил премьер-министр."},
		{"windows-1251", charmap.Windows1251, "Правительство объявило в понедельник о новой экономической политике, сообщил премьер-министр."},
		{"windows-1255", charmap.Windows1255, "הממשלה הודיעה ביום שני על מדיניות כלכלית חדשה, אמר ראש הממשלה במסיבת עיתונאים"},
		{"tis-620", charmap.Windows874, "รัฐบาลประกาศนโยบายเศรษฐกิจใหม่เมื่อวันจันทร์ นายกรัฐมนตรีกล่าวในการแถลงข่าว"},
		{"windows-1252", charmap.Windows1252, "Le gouvernement a présenté lundi sa nouvelle politique économique ; été, à Noël, où ça, déjà, naïve, fête, forêt, créée"},
		{"windows-1252", charmap.Windows1252, "Über die größten Städte Österreichs läßt sich schön erzählen: Bäume, Flüsse, Brücken, Züge, Schlösser"},
	} {
		body, err := c.enc.NewEncoder().Bytes([]byte(`<rss version="2.0"><channel><title>x</title><item><title>` + c.text + `</title></item></channel></rss>`))
		if err != nil {
			t.Fatal(err)
		}
		in := Inspect(Input{Body: body})
		if got := pick(t, in, "items.0.title"); got != c.text || in.Encoding != c.name {
			t.Errorf("%s: read as %s: %q", c.name, in.Encoding, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xc1\xb5\xc1\xb5\xc1\xb5\xc1\xb5\xc1\xb5\xc1\xb5\xc1\xb5<rss>"), "")
	f.Add([]byte("<?xml version='1.0' encoding='cp437'?><rss>\x82"), "text/xml; charset=koi8_r")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		text, name := decode(&Input{Body: body, ContentType: contentType})
		if !utf8.Valid(text) || name == "" {
			t.Errorf("%q as %q: %q", body, name, text)
		}
	})
}
