"""The pages of the blog."""

from django.urls import path

from blog import views

urlpatterns = [
    path("", views.index, name="index"),
    path("posts/<int:pk>/", views.post, name="post"),
    path("signup/", views.signup, name="signup"),
    path("home/", views.home, name="home"),
    path("async/", views.async_page, name="async"),
]
