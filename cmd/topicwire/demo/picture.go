package demo

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"math"
)

const pictureWidth, pictureHeight = 640, 360

// picture draws the lead image of a report: hills under a sky, in colours of
// its own.
func picture(seed string) []byte {
	h := fnv.New64a()
	h.Write([]byte(seed))
	s := h.Sum64()
	hue := float64(s%360) / 360
	pal := color.Palette{}
	for i := range 16 { // the sky, from the top down
		pal = append(pal, shade(hue, 0.35, 0.55+0.4*float64(i)/15))
	}
	for i := range 4 { // hills, the nearest last
		pal = append(pal, shade(hue+0.08*float64(i+1), 0.5, 0.6-0.13*float64(i)))
	}
	sun := uint8(len(pal))
	pal = append(pal, shade(hue+0.5, 0.5, 0.9))
	img := image.NewPaletted(image.Rect(0, 0, pictureWidth, pictureHeight), pal)
	sunX, sunY := 80+int(s>>9%480), 60+int(s>>20%80)
	for x := range pictureWidth {
		var ridge [4]int
		for k := range ridge {
			phase := float64(s>>(8*k)&0xff) / 40
			wave := math.Sin(float64(x)/(90-15*float64(k))+phase) + 0.5*math.Sin(float64(x)/37+2*phase)
			ridge[k] = 190 + 40*k + int(22*wave)
		}
		for y := range pictureHeight {
			c := uint8(y * 16 / pictureHeight)
			if (x-sunX)*(x-sunX)+(y-sunY)*(y-sunY) < 38*38 {
				c = sun
			}
			for k := range ridge {
				if y > ridge[k] {
					c = uint8(16 + k)
				}
			}
			img.Pix[img.PixOffset(x, y)] = c
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// shade returns a colour by hue, saturation and value.
func shade(hue, saturation, value float64) color.Color {
	_, hue = math.Modf(hue)
	channel := func(n float64) uint8 {
		k := math.Mod(n+hue*6, 6)
		return uint8(255 * (value - value*saturation*max(0, min(k, 4-k, 1))))
	}
	return color.RGBA{channel(5), channel(3), channel(1), 255}
}
