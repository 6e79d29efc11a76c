package parse

import (
	"strings"
	"sync"
)

// monthNames are names and abbreviations in the languages that feeds use.
var monthNames = sync.OnceValue(func() map[string]int {
	m := map[string]int{}
	for i, names := range []string{
		"jan january januar jänner januari janvier janv enero ene gennaio gen janeiro styczeń stycznia sty ocak января янв январь ιαν ιανουάριος január",
		"feb february februar februari février févr fév febrero febbraio fevereiro fev luty lutego lut şubat февраля фев февр февраль φεβ φεβρουάριος február",
		"mar march märz mrz maart mars marzo março marca marzec mart марта мар март μάρ μαρ μάρτιος március",
		"apr april avril avr abril abr aprile kwietnia kwi kwiecień nisan апреля апр апрель απρ απρίλιος április",
		"may mai mei mayo maggio mag maio maja maj mayıs мая май μάι μαϊ μαι μάιος május",
		"jun june juni juin junio giugno giu junho czerwca cze czerwiec haziran июня июн июнь ιούν ιουν ιούνιος június",
		"jul july juli juillet juil julio luglio lug julho lipca lip lipiec temmuz июля июл июль ιούλ ιουλ ιούλιος július",
		"aug august augustus août aoû agosto ago sierpnia sie sierpień ağustos августа авг август αύγ αυγ αύγουστος augusztus agustus",
		"sep sept september septembre septiembre settembre set setembro września wrz wrzesień eylül сентября сен сент сентябрь σεπ σεπτέμβριος szeptember",
		"oct october okt oktober octobre octubre ottobre ott outubro out października paź październik ekim октября окт октябрь οκτ οκτώβριος október",
		"nov november novembre noviembre novembro listopada lis listopad kasım ноября ноя нояб ноябрь νοέ νοε νοέμβριος",
		"dec december dez dezember décembre déc diciembre dic dicembre dezembro grudnia gru grudzień aralık декабря дек декабрь δεκ δεκέμβριος desember",
	} {
		for n := range strings.FieldsSeq(names) {
			m[n] = i + 1
		}
	}
	return m
})

var dayNames = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for n := range strings.FieldsSeq("mon tue tues wed weds thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday " +
		"montag dienstag mittwoch donnerstag freitag samstag sonntag mo di mi do fr sa so lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche " +
		"lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom mie sab пн вт ср чт пт сб вс " +
		"κυρ δευ τρι τετ πεμ παρ σαβ κυριακή δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο senin selasa rabu kamis jumat sabtu minggu") {
		m[n] = true
	}
	return m
})

// zoneOffsets are seconds east of UTC. A name that means two zones has the
// one that news feeds mean by it, or is left out.
var zoneOffsets = sync.OnceValue(func() map[string]int {
	m := map[string]int{}
	for name, minutes := range map[string]int{
		"z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "met": 60, "cest": 120, "mest": 120, "mesz": 120, "mez": 60,
		"eet": 120, "eest": 180, "msk": 180, "msd": 240, "trt": 180, "cat": 120, "eat": 180, "wat": 60, "sast": 120, "ist": 330, "pkt": 300, "npt": 345,
		"wib": 420, "ict": 420, "wita": 480, "hkt": 480, "sgt": 480, "myt": 480, "awst": 480, "wit": 540, "jst": 540, "kst": 540,
		"acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
		"at": -240, "ast": -240, "adt": -180, "et": -300, "est": -300, "edt": -240, "ct": -360, "cst": -360, "cdt": -300,
		"mt": -420, "mst": -420, "mdt": -360, "pt": -480, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "brt": -180, "art": -180, "nst": -210, "ndt": -150,
	} {
		m[name] = minutes * 60
	}
	for i, c := range "bcdefghi" { // RFC 822: military; A and P are AM and PM
		m[string(c)] = -(i + 2) * 3600
	}
	for i, c := range "klm" {
		m[string(c)] = -(i + 10) * 3600
	}
	for i, c := range "noqrstuvwxy" {
		m[string(c)] = (i + 1 + min(1, i/2)) * 3600
	}
	return m
})
