// Command promql does what `promtool check rules` and `promtool test rules` do, without the service discoveries of all clouds:
// it reads rules as Prometheus reads them, and says which alerts fire after some minutes of samples.
//
// stdin: [{"rules": "…"}, {"expression": "…"}, {"rules": "…", "series": ["metric{…} 0 1x30"], "minutes": 30}, …];
// stdout: [{"errors": ["…"]}, {"errors": []}, {"errors": [], "firing": [{"alertname": "…", …}]}, …].
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
)

type question struct {
	Rules      string   `json:"rules"`
	Expression string   `json:"expression"`
	Series     []string `json:"series"`
	Minutes    int      `json:"minutes"`
	// Between two samples; 0: a minute.
	Seconds int `json:"seconds"`
}

// interval is that of the samples, and of the rules' evaluation.
func (q question) interval() time.Duration {
	if q.Seconds == 0 {
		return time.Minute
	}
	return time.Duration(q.Seconds) * time.Second
}

type answer struct {
	Errors []string        `json:"errors"`
	Firing []labels.Labels `json:"firing,omitempty"`
}

// failed stands in for *testing.T.
type failed struct {
	err error
	dir string
}

func (f *failed) Helper()         {}
func (f *failed) TempDir() string { return f.dir }
func (f *failed) FailNow()        { panic(f.err) }
func (f *failed) Cleanup(func())  {}
func (f *failed) Errorf(format string, args ...any) {
	f.err = fmt.Errorf(format, args...)
}

func texts(errs ...error) []string {
	list := []string{}
	for _, err := range errs {
		if err != nil {
			list = append(list, err.Error())
		}
	}
	return list
}

// firing plays one rule: its expression has to hold at each evaluation for as long as `for` says.
func firing(store storage.Storage, engine *promql.Engine, rule rulefmt.Rule, q question) ([]labels.Labels, error) {
	since := map[string]time.Time{}
	var found []labels.Labels
	for passed := time.Duration(0); passed <= time.Duration(q.Minutes)*time.Minute; passed += q.interval() {
		now := time.Unix(0, 0).Add(passed).UTC()
		query, err := engine.NewInstantQuery(context.Background(), store, nil, rule.Expr, now)
		if err != nil {
			return nil, err
		}
		vector, err := query.Exec(context.Background()).Vector()
		if err != nil {
			return nil, err
		}
		found = nil
		active := map[string]time.Time{}
		for _, sample := range vector {
			key := sample.Metric.String()
			active[key] = now
			if before, ok := since[key]; ok {
				active[key] = before
			}
			if now.Sub(active[key]) >= time.Duration(rule.For) {
				found = append(found, labels.NewBuilder(sample.Metric).Set("alertname", rule.Alert).Labels())
			}
		}
		since = active
		query.Close()
	}
	return found, nil
}

func (q question) play(groups *rulefmt.RuleGroups) (list []labels.Labels, err error) {
	dir, err := os.MkdirTemp("", "promql-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t := &failed{dir: dir}
	defer func() {
		if trouble := recover(); trouble != nil {
			err = errors.Join(t.err, fmt.Errorf("%v", trouble))
		}
	}()
	store := promqltest.LoadedStorage(t, fmt.Sprintf("load %s\n  ", q.interval())+strings.Join(q.Series, "\n  "))
	defer store.Close()
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
	})
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			found, err := firing(store, engine, rule, q)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
		}
	}
	return list, nil
}

func (q question) answer() answer {
	if q.Expression != "" {
		_, err := parser.ParseExpr(q.Expression)
		return answer{Errors: texts(err)}
	}
	groups, errs := rulefmt.Parse([]byte(q.Rules), false, model.UTF8Validation)
	if len(errs) > 0 || q.Series == nil {
		return answer{Errors: texts(errs...)}
	}
	found, err := q.play(groups)
	return answer{Errors: texts(err), Firing: found}
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	answers := make([]answer, len(questions))
	for i, one := range questions {
		answers[i] = one.answer()
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
