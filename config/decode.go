package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parseYAML returns the tree of the file; nil if it says nothing.
func parseYAML(b []byte, s *source) (root ast.Node, err error) {
	if faults := tabs(b, s.name, false); len(faults) > 0 {
		return nil, faults
	}
	defer func() {
		if r := recover(); r != nil { // the parser is not ours: a file must not end a running daemon
			err = Faults{{File: s.name, Msg: "this is not YAML"}}
		}
	}()
	file, err := parser.ParseBytes(b, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		if faults := tabs(b, s.name, true); len(faults) > 0 {
			return nil, faults
		}
		return nil, Faults{syntaxFault(err, s.name)}
	}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case root != nil:
			return nil, Faults{faultOf(s.name, doc.Body.GetToken(), "a second document begins here; take out the line ---")}
		default:
			root = doc.Body
		}
	}
	if _, ok := root.(*ast.CommentGroupNode); ok {
		return nil, nil
	}
	return root, nil
}

// tabs finds lines that are indented with tabs. A tab may stand inside the
// indented text of a block, so that only a leading tab is wrong in any case.
func tabs(b []byte, name string, anywhere bool) Faults {
	var faults Faults
	for i, line := range strings.Split(string(b), "\n") {
		rest := strings.TrimLeft(line, " \t")
		indent := line[:len(line)-len(rest)]
		tab := strings.IndexByte(indent, '\t')
		if tab < 0 || (tab > 0 && !anywhere) || strings.TrimSpace(rest) == "" || rest[0] == '#' {
			continue
		}
		faults = append(faults, Fault{File: name, Line: i + 1, Column: tab + 1,
			Msg: "the line is indented with a tab; YAML wants spaces: write two spaces for each tab"})
	}
	return faults
}

func syntaxFault(err error, name string) Fault {
	var y yaml.Error
	if !errors.As(err, &y) || y.GetToken() == nil {
		return Fault{File: name, Msg: "this is not YAML: " + err.Error()}
	}
	msg := y.GetMessage() + " (YAML: a key is followed by a colon and a space, lists and their keys are indented alike, text with \": \" or \" #\" stands in quotes)"
	return faultOf(name, y.GetToken(), msg)
}

func faultOf(name string, t *token.Token, msg string) Fault {
	if t == nil || t.Position == nil {
		return Fault{File: name, Msg: msg}
	}
	return Fault{File: name, Line: t.Position.Line, Column: t.Position.Column, Msg: msg}
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
)

const noAliases = "anchors, aliases and tags are not understood here; write the value out"

// decode fills a Config from the tree.
func (s *source) decode(root ast.Node, c *Config) {
	if _, ok := mapping(root); !ok {
		s.faultAt(placeOf(root), "the file is "+kindOf(root)+"; it should be keys and values, such as listen: 127.0.0.1:8080")
		return
	}
	s.value(root, reflect.ValueOf(c).Elem(), "")
}

// value decodes one node; path names it in messages.
func (s *source) value(n ast.Node, to reflect.Value, path string) {
	if path != "" {
		s.at[path] = placeOf(n)
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return // a key without a value means the default
	case *ast.AnchorNode:
		s.faultAt(placeOf(n), noAliases)
		s.value(n.Value, to, path) // so that what follows is not said to be missing
		return
	case *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		s.faultAt(placeOf(n), noAliases)
		return
	}
	switch {
	case to.Type() == durationType || to.Type() == timeType:
		s.scalar(n, to, path)
	case to.Kind() == reflect.Struct:
		s.structure(n, to, path)
	case to.Kind() == reflect.Slice:
		s.list(n, to, path)
	case to.Kind() == reflect.Map:
		s.dictionary(n, to, path)
	default:
		s.scalar(n, to, path)
	}
}

func (s *source) structure(n ast.Node, to reflect.Value, path string) {
	pairs, ok := mapping(n)
	if !ok {
		s.faultAt(placeOf(n), fmt.Sprintf("%s is %s; it should be keys and values: %s", called(path), kindOf(n), strings.Join(keysOf(to.Type()), ", ")))
		return
	}
	for key, p := range s.pairs(pairs) {
		f, ok := fieldByKey(to, key)
		if !ok {
			s.unknown(key, p, to.Type(), path)
			continue
		}
		s.value(p.Value, f, join(path, key))
	}
}

// pairs yields the keys of a mapping once each, and faults repeats.
func (s *source) pairs(pairs []*ast.MappingValueNode) func(func(string, *ast.MappingValueNode) bool) {
	return func(yield func(string, *ast.MappingValueNode) bool) {
		first := map[string]int{}
		for _, p := range pairs {
			at := placeOf(p.Key)
			if _, ok := p.Key.(*ast.MergeKeyNode); ok {
				s.faultAt(at, noAliases)
				continue
			}
			key := p.Key.GetToken().Value
			if line, ok := first[key]; ok {
				s.faultAt(at, fmt.Sprintf("%q stands here a second time, after line %d; keep one of them", key, line))
				continue
			}
			first[key] = at.line
			if !yield(key, p) {
				return
			}
		}
	}
}

func (s *source) unknown(key string, p *ast.MappingValueNode, t reflect.Type, path string) {
	where := ""
	if path != "" {
		where = " in " + called(path)
	}
	msg := fmt.Sprintf("unknown key %q%s", key, where)
	switch meant := nearest(strings.ToLower(key), keysOf(t)); {
	case meant != "":
		msg += fmt.Sprintf("; did you mean %q?", meant)
	case home(key) != "" && home(key) != path:
		msg += "; it belongs under " + home(key) + ":"
	case strings.HasPrefix(key, "password") || key == "key":
		msg += "; secrets come from a file (" + key + "_file) or the environment, never from here"
	default:
		msg += "; known here: " + strings.Join(keysOf(t), ", ")
	}
	s.faultAt(placeOf(p.Key), msg)
}

func (s *source) list(n ast.Node, to reflect.Value, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if _, isMap := mapping(n); isMap || to.Type().Elem().Kind() == reflect.Struct {
			s.faultAt(placeOf(n), fmt.Sprintf("%s is %s; it should be a list: each entry on a line of its own that begins with \"- \"", called(path), kindOf(n)))
			return
		}
		// One word is a list of one.
		one := reflect.New(to.Type().Elem()).Elem()
		s.value(n, one, path)
		to.Set(reflect.Append(reflect.MakeSlice(to.Type(), 0, 1), one))
		return
	}
	out := reflect.MakeSlice(to.Type(), 0, len(seq.Values))
	for i, v := range seq.Values {
		one := reflect.New(to.Type().Elem()).Elem()
		s.value(v, one, fmt.Sprintf("%s[%d]", path, i))
		out = reflect.Append(out, one)
	}
	if out.Len() == 0 {
		out = reflect.Zero(to.Type())
	}
	to.Set(out)
}

func (s *source) dictionary(n ast.Node, to reflect.Value, path string) {
	pairs, ok := mapping(n)
	if !ok {
		s.faultAt(placeOf(n), fmt.Sprintf("%s is %s; it should be names and values", called(path), kindOf(n)))
		return
	}
	if len(pairs) == 0 {
		return
	}
	to.Set(reflect.MakeMap(to.Type()))
	for key, p := range s.pairs(pairs) {
		v := reflect.New(to.Type().Elem()).Elem()
		s.value(p.Value, v, join(path, key))
		to.SetMapIndex(reflect.ValueOf(key), v)
	}
}

// scalar decodes text, numbers, yes and no, durations and instants.
func (s *source) scalar(n ast.Node, to reflect.Value, path string) {
	text, ok := textOf(n)
	if !ok {
		s.faultAt(placeOf(n), fmt.Sprintf("%s is %s; it should be one value", called(path), kindOf(n)))
		return
	}
	var err error
	switch {
	case to.Type() == durationType:
		var d time.Duration
		if d, err = ParseDuration(text); err == nil {
			to.SetInt(int64(d))
		}
	case to.Type() == timeType:
		var t time.Time
		if t, err = parseDay(text); err == nil {
			to.Set(reflect.ValueOf(t))
		}
	case to.Kind() == reflect.String:
		to.SetString(text)
	case to.Kind() == reflect.Bool:
		err = setBool(to, text)
	case to.Kind() == reflect.Int:
		err = setInt(to, text)
	case to.Kind() == reflect.Float64:
		err = setFloat(to, text)
	}
	if err != nil {
		s.fault(path, "%s: %v", called(path), err)
	}
}

func setBool(to reflect.Value, text string) error {
	switch text {
	case "true", "false":
		to.SetBool(text == "true")
		return nil
	}
	return fmt.Errorf("%q should be true or false", text)
}

func setInt(to reflect.Value, text string) error {
	i, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return fmt.Errorf("%q should be a whole number", text)
	}
	to.SetInt(i)
	return nil
}

func setFloat(to reflect.Value, text string) error {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%q should be a number", text)
	}
	to.SetFloat(f)
	return nil
}
