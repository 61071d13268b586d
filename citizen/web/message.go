package web

import (
	"fmt"
	"time"

	handlers "github.com/dorsetcarerecord/dcr/internal/web"
)

// Message is a page that says one thing, and what to do next.
type Message struct {
	Title     string
	Text      []string
	Go        Link   // the button
	Support   bool   // say how to reach the programme office
	Reference string // the request's id
}

func (Message) template() string  { return "message" }
func (m Message) heading() string { return m.Title }

// LoggedOut is what somebody sees who has logged out, or was.
func LoggedOut(idle bool) Message {
	if idle {
		return Message{
			Title: "You were logged out",
			Text:  []string{"You had not done anything for a while, so we logged you out to keep your record safe.", "Anything you were writing was not sent."},
			Go:    Link{PathLogIn, "Log in again"},
		}
	}
	return Message{
		Title: "You are logged out",
		Text:  []string{"If others use this device, close the browser too."},
		Go:    Link{PathLogIn, "Log in again"},
	}
}

// Offline is what the worker shows when there is no network.
func Offline() Message {
	return Message{
		Title: "You are offline",
		Text:  []string{"Your phone or computer has no connection to the internet.", "Nothing of your record is kept on this device, so we cannot show it now. Try again when you are connected."},
	}
}

// Failed makes a page of an error. What is not somebody's and what does not exist
// are the same page, so of an unknown page the text says nothing of the error.
func Failed(p handlers.Problem) Message {
	switch p.Status {
	case 401:
		return Message{Title: "Log in to go on", Text: []string{"You are not logged in, or were logged out because you had not done anything for a while."}, Go: Link{PathLogIn, "Log in"}}
	case 403:
		return Message{Title: "You cannot do this", Text: sentence(p.Text, "This is not open to you."), Go: Link{PathStart, "Go to the start"}, Support: true, Reference: p.RequestID}
	case 404, 405, 410:
		return Message{Title: "Page not found", Text: []string{"There is no such page, or it is not yours to see.", "If you typed the address, check that it is right. If you followed a link, go back to the start."}, Go: Link{PathStart, "Go to the start"}}
	case 429:
		return Message{Title: "Too many tries", Text: []string{"There were too many tries in a short time.", "Wait " + wait(p.After) + ", then try again."}, Support: true}
	case 503:
		return Message{Title: "We cannot show this just now", Text: []string{"Something that we need is not working. It is not your fault.", "Wait " + wait(p.After) + ", then try again. Nothing of your record is lost."}, Support: true, Reference: p.RequestID}
	}
	if p.Status >= 400 && p.Status < 500 {
		return Message{Title: "That did not work", Text: sentence(p.Text, "We could not read what was sent. Go back and try again."), Go: Link{PathStart, "Go to the start"}, Reference: p.RequestID}
	}
	return Message{Title: "Something went wrong", Text: []string{"It is not your fault, and nothing of your record is lost. Try again in a few minutes."}, Support: true, Reference: p.RequestID}
}

func sentence(text, otherwise string) []string {
	if text == "" {
		text = otherwise
	}
	return []string{text}
}

// wait says how long, rounded up, so that a second try is not too early again.
func wait(d time.Duration) string {
	switch {
	case d <= 0:
		return "a few minutes"
	case d <= time.Minute:
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", (d+time.Minute-1)/time.Minute)
}
