package config

import (
	"reflect"
	"strings"
	"sync"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// mapping returns the pairs of a mapping; one of a single pair has a node type
// of its own.
func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// textOf returns a scalar as it was written, quotes and folding undone.
func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping of keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	}
	return "a single value"
}

// placeOf returns where a node begins.
func placeOf(n ast.Node) place {
	var t *token.Token
	switch n := n.(type) {
	case *ast.MappingValueNode:
		t = n.Key.GetToken() // its own token is the colon
	case *ast.MappingNode:
		t = n.GetToken()
		if !n.IsFlowStyle && len(n.Values) > 0 {
			t = n.Values[0].Key.GetToken()
		}
	default:
		t = n.GetToken()
	}
	if t == nil || t.Position == nil {
		return place{}
	}
	p := place{line: t.Position.Line, column: t.Position.Column}
	switch t.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		p.width = 1
	case token.LiteralType, token.FoldedType:
		p.width = -1
	}
	return p
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// called names a path for a person.
func called(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// keyOf returns the key of a field; "" for one that no key sets.
func keyOf(f reflect.StructField) string {
	if k := f.Tag.Get("yaml"); k != "-" {
		return k
	}
	return ""
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		if k := keyOf(f); k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

func fieldByKey(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if keyOf(v.Type().Field(i)) == key && key != "" {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// homes knows the one section that a key belongs to.
var homes = sync.OnceValue(func() map[string]string {
	of := map[string]string{}
	t := reflect.TypeFor[Config]()
	for f := range t.Fields() {
		section := f.Type
		if section.Kind() == reflect.Slice {
			section = section.Elem()
		}
		if section.Kind() != reflect.Struct || keyOf(f) == "" {
			continue
		}
		for _, k := range keysOf(section) {
			if _, twice := of[k]; twice {
				of[k] = ""
				continue
			}
			of[k] = keyOf(f)
		}
	}
	return of
})

func home(key string) string { return homes()[key] }
